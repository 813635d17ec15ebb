"""Tables, searches and logs hold no identity below its level (security.md, properties 4 and 5).

Made from the table of doors, so that a new page is searched as well.
"""

from __future__ import annotations

import re

import pytest

from planbank.access.surface import SITE, Shows
from tests.access.oracle import Person
from tests.access.surface.canaries import Scan, heard
from tests.access.surface.expecting import expected
from tests.access.surface.people import PEOPLE, everybody
from tests.access.surface.test_site import plain
from tests.access.surface.trying import Visitor, ways_of
from tests.access.surface.world import ABSENT, Canary, Planted

pytestmark = pytest.mark.django_db
NAMES = {
    *("own.staff", "other.staff", "former.staff", "system.admin", "key.user", "normal.nowhere", "masked"),
    *("masked.narrow", "masked.staff", "summary", "lapsed", "exporter", "controller", "auditor", "reused"),
}
SEARCHERS = [one for one in everybody() if one.id in NAMES]


SOUGHT = {"auh-brain", "ouh-brain", "vle-none", "auh-withdrawn"}


@pytest.mark.parametrize("person", SEARCHERS)
def test_tables_and_logs_hold_no_identity(planted: Planted, person: Person) -> None:
    """Every page that answers this person, asked for as a table; where it has none, asked once."""
    visitor, scan, wrong, tried = Visitor(planted, person), Scan(planted, person), [], 0
    with heard() as lines:
        for door in SITE.values():
            if door.shows is Shows.NOTHING or "GET" not in door.methods or door.name in WITHOUT_TABLE:
                continue
            for way in ways_of(door, planted, person):
                if 200 not in expected(planted, person, door, way):
                    continue  # refused before anybody looks at what was asked
                tried += 1
                table, _written = visitor.tries("GET", way.path, {**way.asked, "format": "csv"})
                wrong += [f"{way.path} as CSV shows {leak}" for leak in scan.leaks(table)]
                if table.status_code == 200 and "html" in table["Content-Type"]:
                    WITHOUT_TABLE.add(door.name)
                    break
    print(f"{person.name}: {tried} cases")
    wrong += [f"a log line shows {leak}" for leak in scan.found("\n".join(lines))]
    assert wrong == [], "\n".join(wrong)


# Pages found to have no table: the same for everybody.
WITHOUT_TABLE: set[str] = set()


@pytest.mark.parametrize("person", SEARCHERS)
def test_a_search_for_an_identity_one_may_not_see_is_a_search_for_nothing(
    planted: Planted, person: Person
) -> None:
    """Hints, counts and messages are those of words that nobody has."""
    visitor, scan, tried = Visitor(planted, person), Scan(planted, person), 0
    hidden = [n for n, row in enumerate(planted.plans) if row in scan.hidden and row in SOUGHT]
    for door in SITE.values():
        if door.shows is Shows.NOTHING or door.of or door.scope or "GET" not in door.methods:
            continue
        way = next(ways_of(door, planted, person))
        if 200 not in expected(planted, person, door, way):
            continue

        def found(asked: str, path: str = way.path) -> str:
            answer, _written = visitor.tries("GET", path, {"q": asked})
            return re.sub(re.escape(asked), "", plain(answer.content))

        for nothing, words in (
            ("Kanariegulxxx", [Canary(n).word for n in hidden]),
            ("0909090909", [Canary(n).number for n in hidden]),
        ):
            empty = found(nothing) if words else ""
            for asked in words:
                tried += 1
                assert found(asked) == empty, f"{door.name} tells {asked} from nothing"
    print(f"{person.name}: {tried} cases")


def test_the_scan_finds_what_it_looks_for(planted: Planted) -> None:
    """Those who see an identity are sent it: the forms looked for are those that pages write."""
    staff = next(person for person in PEOPLE if person.name == "own.staff")
    nobody = Scan(planted, next(person for person in PEOPLE if person.name == "mere.account"))
    visitor = Visitor(planted, staff)
    example = next(e for e in planted.examples["patient file"] if e.row == "ouh-brain")
    said = nobody.found(visitor.tries("GET", f"/patients/{example.number}/")[0].content.decode())
    assert [leak.partition(":")[0] for leak in said] == ["ouh-brain"]
    assert visitor.tries("GET", f"/patients/{ABSENT}/")[0].status_code == 404
