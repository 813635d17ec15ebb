"""The side bar of each person: the pages of the oracle and no other, and nothing in its numbers (R50)."""

from __future__ import annotations

from typing import Any

import pytest

from planbank.web import shell, urls
from tests.access.oracle import Person, decides
from tests.access.surface.canaries import Scan
from tests.access.surface.people import PEOPLE
from tests.access.surface.trying import Visitor
from tests.access.surface.world import Planted

pytestmark = pytest.mark.django_db


def test_each_menu_is_what_the_oracle_says(planted: Planted, monkeypatch: pytest.MonkeyPatch) -> None:
    """All kinds of person, with the numbers that stand beside the lines."""
    lines = [page for page in urls.discover() if page.menu]
    monkeypatch.setattr(shell, "PAGES", lines)
    wrong: list[str] = []
    for person in PEOPLE:
        if not person.comes or not person.active:
            continue
        answer, _written = Visitor(planted, person).tries("GET", "/account/permissions/")
        wrong += [f"{person.name}: shows {leak}" for leak in Scan(planted, person).leaks(answer)]
        wrong += differences(planted, person, lines, answer.content.decode())
    assert wrong == [], "\n".join(wrong)


def differences(planted: Planted, person: Person, lines: list[Any], page: str) -> list[str]:
    """Lines that are missing, or too many."""
    found = []
    for line in lines:
        is_there = f'href="/{line.path}"' in page
        if is_there != (decides(planted.world, person, line.action) == 200):
            found.append(f"{person.name}: {line.name} {'is' if is_there else 'is not'} in the menu")
    return found
