"""Patients over time as bins, the line through them, and their mean (R125, R126). Pure.

Comes in: for each patient a day and the groups that may not be told apart when they are small. Goes out:
bins of years, or of months where the time is short, with the cumulative number at the end of each. For whom
sees summaries only, neighbours are joined until every group has none or at least `LEAST` patients in each
bin: so no bin, and no difference between two views, tells of few.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from planbank.statistics.population import LEAST

SHORT = 3
"""Spans of fewer calendar years than this are drawn by month."""


@dataclass(frozen=True)
class Began:
    """One patient: when treated first, whether abroad, the groups that must stay untold when small."""

    day: date
    is_abroad: bool = False
    groups: frozenset[Hashable] = frozenset()


@dataclass(frozen=True)
class Bin:
    """`count` patients from `since` to `until`, both included, `abroad` of them; `upto` in all by then."""

    since: date
    until: date
    count: int
    abroad: int
    upto: int

    @property
    def home(self) -> int:
        """Those who were not treated abroad."""
        return self.count - self.abroad


@dataclass(frozen=True)
class Fit:
    """The line upto = per_year * (years since `start`) + offset, and how well it lies (r squared)."""

    start: date
    per_year: float
    offset: float
    r_squared: float

    def at(self, day: date) -> float:
        """What the line says of a day."""
        return self.offset + self.per_year * years(self.start, day)


def years(since: date, until: date) -> float:
    """Years between two days."""
    return (until - since).days / 365.25


def bins_of(began: Iterable[Began], today: date, least: int = 0) -> list[Bin]:
    """Bins from the first to the last patient, at least to `today`; `least`: no group smaller in any bin.

    With `least`, patients that no joining can hide are not there: [] where there are too few.
    """
    rows = sorted(began, key=lambda one: one.day)
    if not rows:
        return []
    spans = list(_spans(rows[0].day, max(rows[-1].day, today)))
    parts: list[Counter[Hashable]] = [Counter() for _span in spans]
    place = 0
    for one in rows:
        while one.day > spans[place][1]:
            place += 1
        parts[place].update([_ALL, _ABROAD if one.is_abroad else _HOME, *one.groups])
    return _summed(_joined(spans, parts, least))


_ALL, _ABROAD, _HOME = "all", "abroad", "home"


def _spans(first: date, last: date) -> Iterator[tuple[date, date]]:
    by_month = last.year - first.year < SHORT
    start = first.replace(day=1) if by_month else date(first.year, 1, 1)
    while start <= last:
        end = (start + timedelta(days=31 if by_month else 366)).replace(day=1)
        end = end if by_month else date(start.year + 1, 1, 1)
        yield start, end - timedelta(days=1)
        start = end


def _joined(
    spans: Sequence[tuple[date, date]], parts: Sequence[Counter[Hashable]], least: int
) -> list[tuple[date, date, Counter[Hashable]]]:
    """Neighbours together until no group is small; what is left over goes into those before it."""
    done: list[tuple[date, date, Counter[Hashable]]] = []
    since, held = spans[0][0], Counter[Hashable]()
    for (_first, until), part in zip(spans, parts, strict=True):
        held += part
        if not _is_small(held, least):
            done.append((since, until, held))
            since, held = until + timedelta(days=1), Counter()
    while done and _is_small(held, least):
        since, _until, before = done.pop()
        held = before + held
    if _is_small(held, least):
        return []
    return [*done, (since, spans[-1][1], held)] if held else done


def _is_small(counts: Counter[Hashable], least: int) -> bool:
    """Whether some group has fewer than may be told."""
    return any(count < least for count in counts.values())


def _summed(parts: Iterable[tuple[date, date, Counter[Hashable]]]) -> list[Bin]:
    found, upto = [], 0
    for since, until, counts in parts:
        upto += counts[_ALL]
        found.append(Bin(since, until, counts[_ALL], counts[_ABROAD], upto))
    return found


def whole(bins: Sequence[Bin], today: date) -> list[Bin]:
    """The bins that are neither the first, which began in the middle, nor still running."""
    return [one for one in bins[1:] if one.until < today]


def mean_per_year(bins: Sequence[Bin], today: date) -> float | None:
    """Patients a year over the whole bins; None where there is none."""
    kept = whole(bins, today)
    if not kept:
        return None
    span = years(kept[0].since, kept[-1].until + timedelta(days=1))
    return sum(one.count for one in kept) / span


def fit_of(bins: Sequence[Bin], today: date) -> Fit | None:
    """Least squares through the numbers at the ends of all bins but the running one; from three on."""
    kept = [one for one in bins if one.until < today]
    if len(kept) < 3:
        return None
    start = kept[0].since
    xs = [years(start, one.until) for one in kept]
    ys = [float(one.upto) for one in kept]
    middle, level = sum(xs) / len(xs), sum(ys) / len(ys)
    spread = sum((x - middle) ** 2 for x in xs)
    slope = sum((x - middle) * (y - level) for x, y in zip(xs, ys, strict=True)) / spread
    offset = level - slope * middle
    total = sum((y - level) ** 2 for y in ys)
    left = sum((y - offset - slope * x) ** 2 for x, y in zip(xs, ys, strict=True))
    return Fit(start, slope, offset, 1.0 - left / total if total else 1.0)


__all__ = ["LEAST", "Began", "Bin", "Fit", "bins_of", "fit_of", "mean_per_year", "whole", "years"]
