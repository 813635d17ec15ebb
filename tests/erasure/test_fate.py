"""Who goes when: held by hypothesis to what must be so in every graph (R31, R187, R212)."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from planbank.erasure.fate import Fate, Unit, fates

DAY = timedelta(days=1)
Edges = dict[int, frozenset[int]]
T0 = datetime(2024, 2, 29, 12, tzinfo=UTC)  # a leap day
keys = st.integers(0, 7)
moments = st.integers(0, 400).map(lambda n: T0 + n * DAY)
units = st.lists(
    st.builds(Unit, keys, moments, st.sampled_from(["", "", "BRAIN"])),
    unique_by=lambda unit: unit.key,
    max_size=8,
)
edges = st.dictionaries(keys, st.frozensets(keys))
groups = st.lists(st.lists(keys, max_size=4), max_size=3)


def dates(found: dict[int, Fate[int]]) -> dict[int, datetime | None]:
    return {key: fate.goes_at for key, fate in found.items()}


def usual(began: datetime) -> datetime:
    return began + 180 * DAY


@given(units, edges, groups, st.randoms())
def test_what_must_hold(rows: list[Unit[int]], refers: Edges, together: list[list[int]], random) -> None:
    found = fates(rows, refers, together, usual)
    by_key = {row.key: row for row in rows}
    assert found.keys() == by_key.keys()
    for key, row in by_key.items():
        fate = found[key]
        assert fate.is_kept or fate.goes_at >= row.began + 180 * DAY  # never early
        assert not row.held or fate.is_kept  # a member never goes
        for there in refers.get(key, ()):
            if there in found and fate.is_kept:
                assert found[there].is_kept  # nor what a kept one refers to
            elif there in found and not found[there].is_kept:
                assert found[there].goes_at >= fate.goes_at
        # What keeps it, keeps itself and leads here.
        source = found[fate.because]
        assert (source.goes_at, source.because) == (fate.goes_at, fate.because)
        assert key in reached(fate.because, refers)
    shuffled = list(rows)
    random.shuffle(shuffled)
    again = fates(shuffled, refers, together[::-1], usual)
    assert dates(again) == dates(found)


def reached(start: int, refers: Edges) -> set[int]:
    found, waiting = set(), [start]
    while waiting:
        here = waiting.pop()
        if here not in found:
            found.add(here)
            waiting += refers.get(here, ())
    return found


def test_a_plan_set_goes_together() -> None:
    """CT on day 0, its plan twenty days later: one date."""
    rows = [Unit("ct", T0), Unit("plan", T0 + 20 * DAY), Unit("dose", T0 + 10 * DAY), Unit("other", T0)]
    refers = {"plan": {"ct"}, "dose": {"plan"}}
    found = fates(rows, refers, [["ct", "plan", "dose"]], usual)
    late = T0 + 200 * DAY
    assert {key: fate.goes_at for key, fate in found.items()} == {
        "ct": late,
        "plan": late,
        "dose": late,
        "other": T0 + 180 * DAY,
    }


def test_what_a_member_refers_to_is_kept_and_says_by_what() -> None:
    """R200: the CT of a structure set in a protocol."""
    found = fates([Unit("ct", T0), Unit("rs", T0, "BRAIN")], {"rs": {"ct"}}, [["ct", "rs"]], usual)
    assert found["ct"].is_kept
    assert (found["ct"].because, found["ct"].held) == ("rs", "BRAIN")
