"""The list of open associations that the back end reads."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from planbank.gate.caller import Caller
from planbank.gate.open_associations import CONTROL_FILE, OpenAssociations

if TYPE_CHECKING:
    from tests.gate.conftest import Transit

SINCE = datetime(2026, 11, 17, 8, 30, tzinfo=UTC)


def wait_for(transit: Transit, count: int) -> list[dict[str, str]]:
    """The published list once it has this many entries."""
    for _ in range(2000):
        found = (transit.back_end.read(CONTROL_FILE) or {"open": None})["open"]
        if found is not None and len(found) == count:
            return found
        time.sleep(0.01)
    raise AssertionError(f"never {count} open associations")


def test_the_list_follows_what_opens_and_closes(transit: Transit) -> None:
    transit.tray.publish(CONTROL_FILE, {"version": 1, "open": [{"id": "of a gate that was killed"}]})
    open_associations = OpenAssociations(transit.tray, pause_seconds=0.01)
    open_associations.start()
    assert wait_for(transit, 0) == []
    one, two = Caller("1" * 32, "10.0.0.1", "ONE"), Caller("2" * 32, "10.0.0.2", "TWO")
    open_associations.add(one, SINCE)
    open_associations.add(two, SINCE)
    found = wait_for(transit, 2)
    assert found[0] == {
        "id": "1" * 32,
        "calling_ae": "ONE",
        "address": "10.0.0.1",
        "since": "2026-11-17T08:30:00.000000+00:00",
    }
    open_associations.remove(one)
    assert wait_for(transit, 1)[0]["calling_ae"] == "TWO"
    open_associations.remove(two)
    open_associations.stop()
    assert wait_for(transit, 0) == []


def test_many_changes_are_one_publication(transit: Transit) -> None:
    published = []

    class Counting:
        def publish(self, name: str, content: dict[str, object]) -> None:
            published.append(content)

    open_associations = OpenAssociations(Counting(), pause_seconds=60)  # type: ignore[arg-type]
    open_associations.start()
    while not published:
        time.sleep(0.001)
    for number in range(100):
        open_associations.add(Caller(f"{number:032x}", "10.0.0.1"), SINCE)
    open_associations.stop()
    assert len(published) == 2
    assert len(published[-1]["open"]) == 100
