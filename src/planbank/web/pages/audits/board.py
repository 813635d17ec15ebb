"""The board: who has which copy, and what to do next (R107, R108).

Comes in: a study. Goes out: rows of observers (or centres) with a cell for each case; counts; what waits
for a decision, in words. A fixed number of queries, however many copies.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from planbank.audits.models import AuditStudy, Case, Copy, Observer, Return
from planbank.audits.words import ASK, copy_words, return_words

C = Copy.State
# State -> how it looks: the state's colour, its icon, its word.
LOOKS: dict[str, tuple[str, str, str | Promise]] = {
    C.WAITING: ("idle", "clock", _("Being made")),
    C.MADE: ("idle", "copy", _("Made")),
    C.SENT: ("idle", "send", _("Sent")),
    C.ACCEPTED: ("idle", "inbox", _("Accepted")),
    C.OPENED: ("info", "eye", _("Opened")),
    C.RETURNED: ("ok", "check", _("Returned")),
    C.FAILED: ("bad", "cross", _("Failed")),
    C.WITHDRAWN: ("idle", "stop", _("Withdrawn")),
}
WRONG = frozenset({"wrong-copy", "disagree"})


@dataclass(frozen=True)
class Cell:
    """One copy on the board; empty where there is none."""

    copy: Copy | None = None
    state: str = ""
    icon: str = ""
    word: str | Promise = ""
    title: str = ""


@dataclass(frozen=True)
class Line:
    """One observer, or the centre where it has one copy for all of its own."""

    code: str
    observer: Observer | None
    how: str
    cells: list[Cell]


@dataclass(frozen=True)
class Waiting:
    """A return that a person has to decide about."""

    row: Return
    problems: list[str]
    is_wrong: bool


@dataclass(frozen=True)
class Board:
    """A study as its organiser sees it."""

    cases: list[Case]
    lines: list[Line]
    waiting: list[Waiting]
    counts: Counter[str]

    @property
    def copies(self) -> int:
        """All that count."""
        return sum(self.counts.values()) - self.counts[C.WITHDRAWN]

    @property
    def accepted(self) -> int:
        """Those that arrived."""
        return sum(self.counts[one] for one in (C.ACCEPTED, C.OPENED, C.RETURNED))

    @property
    def returned(self) -> int:
        """Those that came back."""
        return self.counts[C.RETURNED]


def board_of(study: AuditStudy) -> Board:
    """The board."""
    cases = list(study.cases.order_by("pk"))
    related = ("case", "observer", "centre")
    copies = list(study.copies.select_related(*related).order_by("number"))
    waiting = _waiting(study)
    asked: dict[int, Waiting] = {one.row.copy_id: one for one in waiting if one.row.copy_id}
    held = {(one.observer_id, None if one.observer_id else one.centre_id, one.case_id): one for one in copies}
    lines = []
    for observer in study.observers.select_related("centre", "destination"):
        if not observer.is_active and not any(one.observer_id == observer.pk for one in copies):
            continue
        where = (None, observer.centre_id) if study.per_centre else (observer.pk, None)
        cells = [_cell(held.get((*where, case.pk)), asked) for case in cases]
        how = observer.destination.name if observer.destination else ""
        lines.append(Line(observer.code, observer, how, cells))
    return Board(cases, lines, waiting, Counter(one.state for one in copies))


def by_link(study: AuditStudy) -> list[Copy]:
    """Copies that are made and wait for a link, of observers with an address."""
    rows = study.copies.filter(state=C.MADE, observer__destination=None).exclude(observer__email="")
    return list(rows.exclude(observer=None).select_related("study__protocol", "case", "observer", "centre"))


def _cell(copy: Copy | None, asked: dict[int, Waiting]) -> Cell:
    if copy is None:
        return Cell()
    if (found := asked.get(copy.pk)) is not None:
        state, icon = ("bad", "cross") if found.is_wrong else ("warn", "triangle")
        return Cell(copy, state, icon, _("Wrong copy") if found.is_wrong else _("Confirm"))
    return Cell(copy, *LOOKS[copy.state], copy_words(copy.problem))


def _waiting(study: AuditStudy) -> list[Waiting]:
    rows = study.returns.filter(state=Return.State.TO_DECIDE).exclude(kind=Return.Kind.IMAGE)
    related = ("copy__case", "copy__observer", "copy__centre", "observer", "institution")
    found = []
    for row in rows.select_related(*related):
        said = [return_words(one) for one in row.problems if one["code"] in ASK]
        found.append(Waiting(row, said, any(one["code"] in WRONG for one in row.problems)))
    return found
