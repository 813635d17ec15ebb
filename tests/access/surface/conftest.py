"""One planted world for all tests of a module: made once, each test rolled back."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

# This file may be read before Django is set up: models are imported inside.
if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime
    from pathlib import Path

    from tests.access.surface.world import Planted


@pytest.fixture(scope="module")
def made(
    django_db_setup: None, django_db_blocker: Any, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Any]:
    """(the world, its house), in a transaction that is rolled back when the module is done."""
    from django.db import transaction

    with django_db_blocker.unblock(), transaction.atomic():
        yield _made(tmp_path_factory.mktemp("house"))
        transaction.set_rollback(True)


def _made(folder: Path) -> Any:
    from datetime import UTC, datetime

    from planbank.archive.memory import MemoryStore
    from planbank.config import load
    from planbank.house import FixedClock, House
    from planbank.transit.keys import KeyFolder
    from planbank.transit.memory import MemoryTray
    from planbank.transit.unseal import Opener
    from tests.access.surface.world import Planted
    from tests.protocols.rows import ProtocolRows

    now: datetime = datetime(2026, 11, 17, 8, 30, tzinfo=UTC)
    keys = KeyFolder(folder / "keys")
    keys.ensure(parcels_exist=False)
    tray = MemoryTray(
        recipients=keys.recipients(),
        signer=keys.signer("gate"),
        opener=Opener.load(keys.file("transit.key")),
        verifiers=keys.verifiers(),
        answer_signer=keys.signer("work"),
        answer_key=keys.signer("work").verify_key(),
    )
    house = House(load(home=folder), MemoryStore(), tray, keys.path, FixedClock(now))
    return Planted(ProtocolRows(now)).build(), house


@pytest.fixture
def planted(made: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[Planted]:
    """The world; what the test does to it is undone.

    What is the same for every request of a person is done once: the side bar is left out (test_menu.py
    holds it to the oracle, with its numbers), and who is signed in, with what they hold, is read once, for
    nothing that a try does is kept.
    """
    from django.apps import apps
    from django.db import transaction

    from planbank.web import middleware, shell

    world, house = made
    monkeypatch.setattr(shell, "PAGES", [])
    monkeypatch.setattr("django.contrib.auth.middleware.get_user", world.signed_in)
    monkeypatch.setattr(middleware, "remember", world.remember)
    apps.get_app_config("web").house = house
    with transaction.atomic():
        yield world
        transaction.set_rollback(True)
