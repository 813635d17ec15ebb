"""A bank with a mail server of its own."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest

from planbank.config import load
from planbank.house import House
from tests.mail_server import Taken, mail_server


@pytest.fixture
def taken() -> Taken:
    return Taken()


@pytest.fixture
def posting(bank: House, taken: Taken) -> Iterator[House]:
    """A house whose mail goes to `taken`."""
    with mail_server(taken) as port:
        yield with_mail(bank, port)


def with_mail(house: House, port: int, **more: object) -> House:
    """The house with a mail server on this port."""
    settings = load(
        home=house.settings.home,
        mail_host="127.0.0.1",
        mail_port=port,
        mail_security="none",
        web_url="https://bank.example",
        **more,
    )
    return replace(house, settings=settings)
