"""Every page, as every kind of person, over HTTP (security.md, Permissions, properties 1 and 2).

Allowed: it answers. Denied: 403 with the reason for those who may be told, else the same 404 as for
what is not there; and nothing was written. No answer holds an identity below its level (property 5).
"""

from __future__ import annotations

import re
from typing import Any

import pytest

from planbank.access.surface import SITE, Door
from planbank.access.surface.door import PUBLIC
from tests.access.oracle import Person
from tests.access.surface.canaries import Scan
from tests.access.surface.people import everybody
from tests.access.surface.trying import ANSWERED, Visitor, Way, expected, ways_of
from tests.access.surface.world import Planted

pytestmark = pytest.mark.django_db
# A drawing that cannot be made is not there, for those who may see the plan as well.
MAY_BE_EMPTY = {"plan-slice", "plan_dvh", "scene-part"}
# Not there until a setting names a provider.
BY_SETTINGS = {"openid_connect_login", "openid_connect_callback"}
# Doors that ask nothing but an account are the same for all who have one.
EVERYBODYS = {"account.use", PUBLIC}
A_FEW = {"nobody", "system.admin", "masked"}
# A person who is refused nearly everything, and one who is allowed much, try every door; the others one
# door of each action, scope and kind of row, which is all that middleware and policy know of a door.
ALL_DOORS = A_FEW | {"key.user"}


def doors_for(person: Person) -> list[Door]:
    """The doors that a person tries."""
    doors = [door for door in SITE.values() if door.action not in EVERYBODYS or person.name in A_FEW]
    if person.name in ALL_DOORS:
        return doors
    return list(
        {(door.action, door.scope, door.of, max(door.methods)): door for door in reversed(doors)}.values()
    )


def plain(content: bytes) -> str:
    """A page without what differs from request to request."""
    text = content.decode()
    return re.sub(r'(csrfmiddlewaretoken" value=|X-CSRFToken&quot;: &quot;)[^>& ]+', "", text)


@pytest.mark.parametrize("person", everybody())
def test_every_page_answers_each_person_as_the_oracle_says(planted: Planted, person: Person) -> None:
    visitor, scan, wrong, tried = Visitor(planted, person), Scan(planted, person), [], 0
    for door in doors_for(person):
        absent = ""
        for way in sorted(ways_of(door, planted, person), key=lambda way: not way.absent):
            wanted = expected(planted, person, door, way)
            for method in methods_of(door, wanted):
                tried += 1
                answer, written = visitor.tries(method, way.path)
                said = f"{method} {door.name} {way.path} ({way.scope or ''} {way.example or ''})"
                wrong += [f"{said}: {what}" for what in faults(door, way, wanted, answer, written)]
                wrong += [f"{said}: shows {leak}" for leak in scan.leaks(answer)]
                if answer.status_code == 404 and method == "GET" and wanted == {404}:
                    text = plain(answer.content).replace(way.path, "")
                    absent = absent or text
                    if text != absent:
                        wrong.append(f"{said}: hidden and absent are told apart")
    print(f"{person.name}: {tried} cases")
    assert wrong == [], "\n".join(wrong)


def methods_of(door: Door, wanted: frozenset[int]) -> list[str]:
    """All of them where it is allowed; the one that would change something where it is denied."""
    return sorted(door.methods) if wanted & ANSWERED else [max(door.methods)]


def faults(door: Door, way: Way, wanted: frozenset[int], answer: Any, written: set[str]) -> list[str]:
    """What is wrong with an answer."""
    status, found = answer.status_code, []
    own_rule = door.of and not (way.example and way.example.row)
    if wanted & ANSWERED and (door.name in MAY_BE_EMPTY | BY_SETTINGS or "POST" in door.methods or own_rule):
        # An empty form says nothing to do it with, and a page may know more of its row than the policy.
        wanted |= {403, 404}
    if status not in wanted:
        found.append(f"{status} where {'it is allowed' if 200 in wanted else sorted(wanted)}")
    if status == 302 and 200 in wanted and door.action != PUBLIC and "/sign-in/" in answer["Location"]:
        found.append("asks to sign in")
    if written and not wanted & ANSWERED:
        found.append(f"denied, and wrote {sorted(written)}")
    return found
