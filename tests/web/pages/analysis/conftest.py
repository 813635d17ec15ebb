"""The trial of tests/naming, and a browser of its key user."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest

from planbank.house import House

if TYPE_CHECKING:
    from django.test import Client

    from tests.naming.trial import Trial


@pytest.fixture
def trial(bank: House) -> Trial:
    from tests.naming.trial import Trial

    return Trial.made(bank.clock.now())


@pytest.fixture
def browser(trial: Trial, client_of: Callable[..., Client]) -> Client:
    return client_of(trial.user)
