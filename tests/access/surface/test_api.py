"""Every operation of the API, as every kind of person with a token (security.md, properties 1, 2, 4, 5)."""

from __future__ import annotations

from typing import Any

import pytest

from planbank.access.surface import API, Door
from planbank.access.surface.door import PUBLIC
from planbank.protocols.models import Participant
from tests.access.oracle import Person, answers, decides, own, sees
from tests.access.surface.canaries import Scan
from tests.access.surface.people import everybody
from tests.access.surface.trying import token_of
from tests.access.surface.world import ABSENT, Planted
from tests.api.calling import Caller

pytestmark = pytest.mark.django_db
OF_A_PROTOCOL = {
    *("GET structure-types", "GET dictionary", "GET metrics"),
    *("GET constraints", "GET verdicts", "GET analysis", "GET requests"),
    *("GET matrix", "GET unmapped"),
}
REFUSED = {403, 404, 422}
LISTS = {"GET patients": "patient file", "GET plan-sets": "plan set"}


@pytest.mark.parametrize("person", everybody())
def test_every_operation_answers_each_person_as_the_oracle_says(planted: Planted, person: Person) -> None:
    """Rows are those of the oracle; hidden and absent are one answer; no identity below its level."""
    caller, scan = Caller(token_of(planted, person) if person.comes else ""), Scan(planted, person)
    wrong, tried = [], 0
    for door in (one for one in API.values() if "GET" in one.methods):
        nothing = ABSENT if door.of else "?protocol=NO-SUCH"
        absent = caller.get(path_of(door, nothing)).content
        for number, wanted in numbers(planted, person, door):
            tried += 1
            answer = caller.get(path_of(door, number))
            said = f"{door.name} {number}"
            status = answer.status_code
            if status != wanted and not (wanted < 1 and status in (REFUSED if wanted else REFUSED | {200})):
                wrong.append(f"{said}: {status} where {wanted} was to come")
            if wanted == 404 and answer.content != absent:
                wrong.append(f"{said}: hidden and absent are told apart")
            wrong += [f"{said}: shows {leak}" for leak in scan.leaks(answer)]
            if wanted == 200 and door.name in LISTS:
                wrong += listed(planted, person, door, answer.json()["items"])
    print(f"{person.name}: {tried} cases")
    assert wrong == [], "\n".join(wrong)


@pytest.mark.parametrize("person", everybody())
def test_nobody_registers_a_participant_without_leave(planted: Planted, person: Person) -> None:
    caller = Caller(token_of(planted, person) if person.comes else "")
    before = Participant.objects.count()
    answer = caller.http.post(
        "/api/v1/participants?protocol=BRAIN",
        {"trial_id": "X-99", "institution": "AUH"},
        content_type="application/json",
        headers={"Authorization": f"Bearer {caller.token}"},
    )
    may = [
        decides(planted.world, person, action, "BRAIN") for action in ("protocol.view", "participant.edit")
    ]
    if may == [200, 200] and person.active:
        # Whom a grant holds to the data of their own centre registers there and nowhere else.
        only_own = any(held.role == "normal-user" for held in person.holds) and "AUH" not in own(person)
        assert answer.status_code == (422 if only_own else 201), answer.content
        assert Participant.objects.count() == before + (not only_own)
    else:
        assert answer.status_code in (401, 403, 404), answer.content
        assert Participant.objects.count() == before


@pytest.mark.parametrize("person", everybody())
def test_what_is_not_there_is_not_told_from_what_is_hidden(planted: Planted, person: Person) -> None:
    """Each protocol and project by name, on each list: no row too many, or the answer for no such name."""
    caller = Caller(token_of(planted, person) if person.comes and person.active else "")
    everything = set(sees(planted.world, person, "data.view"))
    names = [("protocol", name) for name in planted.world.protocols]
    names += [("project", name) for name in planted.world.projects]
    for kind, name in names:
        for path in ("patients", "plan-sets"):
            answer = caller.get(path, **{kind: name})
            if answer.status_code == 403 and kind == "protocol" and has_lapsed(person, name):
                continue
            if answer.status_code != 200:
                nothing = caller.get(path, **{kind: "NO-SUCH"})
                assert (answer.status_code, answer.content) == (nothing.status_code, nothing.content)
                continue
            got = rows_of(planted, f"GET {path}", answer.json()["items"])
            inside = {row for row, (_code, where) in planted.world.rows.items() if name in where}
            assert got <= everything and (kind == "project" or got <= inside), (path, name)


def path_of(door: Door, number: Any) -> str:
    """The path of an operation, with a number for what it names."""
    path = door.name.partition(" ")[2]
    start, brace, rest = path.partition("{")
    return f"{start}{number}{rest.partition('}')[2]}" if brace else f"{path}{number}"


def numbers(planted: Planted, person: Person, door: Door) -> list[tuple[Any, int]]:
    """Every number an operation is tried with, and the status that must come."""
    if door.action == PUBLIC:
        return [("", 200)]
    if not (person.comes and person.active):
        return [(ABSENT if door.of else "", 401)]
    if door.name == "GET participants":
        return [(f"?protocol={name}", in_protocol(planted, person, name)) for name in planted.world.protocols]
    if door.name in OF_A_PROTOCOL:  # their own tests say how they refuse; here: that they do
        names = planted.world.protocols
        return [(f"?protocol={name}", refusal(planted, person, door, name)) for name in names]
    if not door.of:
        return [("", 200)]
    rows = [
        (example.number, row_status(planted, person, door, example.row))
        for example in planted.examples.get(door.of, [])
    ]
    return [*rows, (ABSENT, 404)]


def refusal(planted: Planted, person: Person, door: Door, name: str) -> int:
    """0 (any answer but one) where the action is allowed in the protocol, -1 (any refusal) where not."""
    return 0 if decides(planted.world, person, door.action, name) == 200 else -1


def in_protocol(planted: Planted, person: Person, name: str) -> int:
    """Participants of a protocol whose record one sees; of any other nothing is told."""
    if decides(planted.world, person, "protocol.view", name) != 200:
        return 403 if has_lapsed(person, name) else 404
    return decides(planted.world, person, "participant.view", name)


def has_lapsed(person: Person, name: str) -> bool:
    """Whether they could see a protocol until lately: they are told whom to ask (R199)."""
    return any(held.where == name and held.until <= 0 and not held.revoked for held in person.holds)


def row_status(planted: Planted, person: Person, door: Door, row: str) -> int:
    """200, 403 where it may be told, or 404: decided by the row alone, as lists are there for everybody."""
    if door.of == "export":  # somebody else's: seen by who decides about it, taken by nobody but who asked
        decided = decides(planted.world, person, "export.approve", "BRAIN") == 200
        return 200 if decided and not door.name.endswith("/files") else 404
    return answers(planted.world, person, door.action, row, anywhere=200)


def listed(planted: Planted, person: Person, door: Door, items: list[dict[str, Any]]) -> list[str]:
    """A list that is not the oracle's."""
    expected = set(sees(planted.world, person, door.action))
    got = rows_of(planted, door.name, items)
    return [] if got == expected else [f"{door.name}: {sorted(got)} where {sorted(expected)} was to come"]


def rows_of(planted: Planted, name: str, items: list[dict[str, Any]]) -> set[str]:
    """The rows of the oracle behind items."""
    known = {example.number: example.row for example in planted.examples[LISTS[name]]}
    return {known[item["id"]] for item in items}
