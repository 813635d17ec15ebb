"""Every page, as every kind of person, over HTTP (security.md, Permissions, properties 1 and 2).

Allowed: it answers. Denied: 403 with the reason for those who may be told, else the same 404 as for
what is not there; and nothing was written. No answer holds an identity below its level (property 5).
"""

from __future__ import annotations

import re
from itertools import islice
from typing import Any

import pytest
from django.core import mail

from planbank.access.surface import API, SITE, Door
from planbank.access.surface.door import PUBLIC
from tests.access.oracle import Person
from tests.access.surface.bodies import Bodies
from tests.access.surface.canaries import Scan, heard
from tests.access.surface.expecting import expected
from tests.access.surface.people import everybody
from tests.access.surface.trying import Visitor, ways_of
from tests.access.surface.world import Planted

# Doors that write nothing in this world though it is allowed, and why; their own tests make the state for it.
IDLE = {
    **dict.fromkeys(
        (
            *("unassigned-delete-undo", "withdrawal-undo", "triggers-again-stop", "protocol-back"),
            *("grant-restore", "grant-ask-again", "statistics-back", "participant-back", "person-on"),
            *("constraint-back", "project-statistics-back"),
        ),
        "nothing was done that can be undone",
    ),
    **dict.fromkeys(
        (
            *("protocol-activate", "protocol-open", "project-activate", "grant-confirm", "reuse-one"),
            *("reuse-take-back", "erasure-refuse", "erasure-lift", "erasure-confirm", "template-use"),
            *("participant-enrol", "mail-again", "services-go-on", "quarantine-carry-out"),
            *("plan-forward", "withdrawal", "grants-renew", "project-export-ask"),
        ),
        "it does not stand at that step",
    ),
    **dict.fromkeys(
        (
            *("triggers-try", "dictionary-import", "dictionary-copy", "participants-upload"),
            *("constraints-several", "upload-file", "project-dictionary-import", "project-dictionary-copy"),
        ),
        "it asks for a file",
    ),
    **dict.fromkeys(("plan-isodoses", "upload-known", "upload-trial-ids"), "it asks for JSON"),
    **dict.fromkeys(("protocol-who", "person-link", "sender-echo"), "it looks or hands out; only journalled"),
    **dict.fromkeys(
        (
            *("trigger", "participant-new", "project-items", "quarantine-delete"),
            *("analysis-choose", "analysis-undo", "plan-review", "plan-review-end"),
            *("sender-bind", "sender-unbind"),
        ),
        "its form wants what only a person can choose",
    ),
}
pytestmark = pytest.mark.django_db
# A drawing that cannot be made is not there, for those who may see the plan as well.
MAY_BE_EMPTY = {"plan-slice", "plan_dvh", "scene-part", "scene-difference", "plan-report-plane"}
# Not there until a setting names a provider.
BY_SETTINGS = {"openid_connect_login", "openid_connect_callback"}
# Doors that ask nothing but an account are the same for all who have one.
EVERYBODYS = {"account.use", PUBLIC}
A_FEW = {"nobody", "system.admin", "masked"}
OWN = ("passkey", "former.staff")  # whose it is
# A person who is refused nearly everything, and one who is allowed much, try every door; the others one
# door of each action, scope and kind of row, which is all that middleware and policy know of a door.
ALL_DOORS = A_FEW | {"key.user"}


def doors_for(person: Person) -> list[Door]:
    """The doors that a person tries."""
    doors = [
        door
        for door in SITE.values()
        if door.action not in EVERYBODYS or person.name in A_FEW or (door.of, person.name) == OWN
    ]
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
    with heard() as lines:
        wrong, tried = tour(planted, person)
    scan = Scan(planted, person)
    wrong += [f"a log line shows {leak}" for leak in scan.found("\n".join(lines))]
    wrong += [f"a mail shows {leak}" for one in mail.outbox for leak in scan.found(str(one.message()))]
    print(f"{person.name}: {tried} cases")
    assert wrong == [], "\n".join(wrong)


def tour(planted: Planted, person: Person) -> tuple[list[str], int]:
    """What is wrong with the answers that one person gets, and how many requests were made."""
    visitor, scan, bodies = Visitor(planted, person), Scan(planted, person), Bodies(planted)
    wrong: list[str] = []
    tried = 0
    for door in doors_for(person):
        absent = ""
        for way in sorted(ways_of(door, planted, person), key=lambda way: not way.absent):
            for method in methods_of(door, expected(planted, person, door, way)):
                tried += 1
                wanted = expected(planted, person, door, way, method)
                body = {**bodies.of(door), **way.asked} if method == "POST" and not way.absent else way.asked
                answer, written = visitor.tries(method, way.path, body)
                said = f"{method} {door.name} {way.path} ({way.scope or ''} {way.example or ''})"
                wrong += [f"{said}: {what}" for what in faults(door, wanted, answer, written)]
                wrong += [f"{said}: shows {leak}" for leak in scan.leaks(answer)]
                if answer.status_code == 404 and method == "GET" and wanted == {404}:
                    text = plain(answer.content).replace(way.path, "")
                    absent = absent or text
                    if text != absent:
                        wrong.append(f"{said}: hidden and absent are told apart")
    return wrong, tried


def test_every_kind_of_row_has_an_example(planted: Planted) -> None:
    """A door that names a row is tried with one."""
    kinds = {door.of for door in (*SITE.values(), *API.values()) if door.of}
    assert sorted(kind for kind in kinds if not planted.examples.get(kind)) == []


def test_every_body_does_its_thing(planted: Planted) -> None:
    """What is sent to a door would be done, for somebody: it is permission that decides."""
    bodies, idle = Bodies(planted), []
    for door in SITE.values():
        if "POST" not in door.methods or door.action in EVERYBODYS or door.name in IDLE:
            continue
        said = "nobody of people.py may come to it"
        for person, way in islice(bodies.all_who(door, "POST"), 20):
            body = {**bodies.of(door), **way.asked}
            answer, written = Visitor(planted, person).tries("POST", way.path, body)
            if written:
                break
            said = f"{answer.status_code} for {person.name}, {body}"
        else:
            idle.append(f"{door.name}: {said}")
    assert idle == [], "\n".join(idle)


def methods_of(door: Door, wanted: frozenset[int]) -> list[str]:
    """All of them where it is allowed; the one that would change something where it is denied."""
    return sorted(door.methods) if 200 in wanted else [max(door.methods)]


def faults(door: Door, wanted: frozenset[int], answer: Any, written: set[str]) -> list[str]:
    """What is wrong with an answer."""
    status, found = answer.status_code, []
    if 200 in wanted and door.name in MAY_BE_EMPTY | BY_SETTINGS:
        wanted |= {404}
    if status not in wanted:
        found.append(f"{status} where {'it is allowed' if 200 in wanted else sorted(wanted)}")
    if status == 302 and 200 in wanted and door.action != PUBLIC and "/sign-in/" in answer["Location"]:
        found.append("asks to sign in")
    if written and 200 not in wanted:
        found.append(f"denied, and wrote {sorted(written)}")
    return found
