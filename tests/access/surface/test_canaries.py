"""Tables, searches, logs and mails hold no identity below its level (security.md, properties 4 and 5).

Made from the table of doors, so that a new page is searched as well.
"""

from __future__ import annotations

import logging
import re

import pytest
import structlog
from django.core import mail

from planbank.access.surface import SITE, Shows
from tests.access.oracle import Person
from tests.access.surface.canaries import Scan
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


class Lines(logging.Handler):
    """Everything that is logged."""

    def __init__(self) -> None:
        super().__init__(logging.DEBUG)
        self.lines: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.lines.append(
            f"{record.getMessage()} {record.exc_text or ''} {record.__dict__.get('request', '')}"
        )


@pytest.mark.parametrize("person", SEARCHERS)
def test_tables_fragments_logs_and_mails_hold_no_identity(planted: Planted, person: Person) -> None:
    visitor, scan, heard, wrong, tried = Visitor(planted, person), Scan(planted, person), Lines(), [], 0
    logging.getLogger().addHandler(heard)
    try:
        with structlog.testing.capture_logs() as events:
            for door in SITE.values():
                if door.shows is Shows.NOTHING or "GET" not in door.methods:
                    continue
                for way in ways_of(door, planted, person):
                    tried += 1
                    table, _written = visitor.tries("GET", f"{way.path}?format=csv")
                    wrong += [f"{way.path} as CSV shows {leak}" for leak in scan.leaks(table)]
    finally:
        logging.getLogger().removeHandler(heard)
    print(f"{person.name}: {tried} cases")
    wrong += [f"a log line shows {leak}" for leak in scan.found("\n".join([*heard.lines, str(events)]))]
    wrong += [f"a mail shows {leak}" for one in mail.outbox for leak in scan.found(str(one.message()))]
    assert wrong == [], "\n".join(wrong)


@pytest.mark.parametrize("person", SEARCHERS)
def test_a_search_for_an_identity_one_may_not_see_is_a_search_for_nothing(
    planted: Planted, person: Person
) -> None:
    """Hints, counts and messages are those of words that nobody has."""
    visitor, scan, tried = Visitor(planted, person), Scan(planted, person), 0
    for n, row in enumerate(planted.plans):
        if row not in scan.hidden or row not in ("auh-brain", "ouh-brain", "vle-none", "auh-withdrawn"):
            continue
        canary = Canary(n)
        for words, nothing in ((canary.word, "Kanariegulxxx"), (canary.number, "0909090909")):
            for door in SITE.values():
                if door.shows is Shows.NOTHING or door.of or door.scope or "GET" not in door.methods:
                    continue
                tried += 1
                path = next(ways_of(door, planted, person)).path
                found, empty = (
                    re.sub(re.escape(asked), "", plain(visitor.tries("GET", f"{path}?q={asked}")[0].content))
                    for asked in (words, nothing)
                )
                assert found == empty, f"{door.name} tells {words} from nothing"
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
