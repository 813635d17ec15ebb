"""What is odd about the data: open findings on the plan set and on every object in it."""

from __future__ import annotations

from collections.abc import Iterator

from planbank.catalogue.finding_words import WORDS, finding_in_words
from planbank.catalogue.queries.one_plan_set import findings_of
from planbank.catalogue.told_once import told_once
from planbank.services.receipt.lines.line import About, Line

CODES = frozenset(WORDS)
# Told by structures.py, which reads the dictionary itself.
TOLD_ELSEWHERE = frozenset({"types-missing", "types-forbidden"})
# Told at once: whoever sent it is still there to mend it (model.md, receipts).
AT_ONCE = frozenset(code for code in WORDS if code.startswith("trigger-"))


def lines(about: About) -> Iterator[Line]:
    """Each that says something different once; while more may come, only what is told at once."""
    seen = set()
    found = findings_of(about.plan_set, about.parts).filter(closed_at=None)
    for row in told_once(found.exclude(code__in=TOLD_ELSEWHERE)):
        if not about.quiet and row.code not in AT_ONCE:
            continue
        # 'object 12' is how link names an object by its row: no word for people.
        named = "" if row.about.startswith("object ") else row.about
        said = finding_in_words(row.code, row.params, named)
        if (row.code, said.title) not in seen:
            seen.add((row.code, said.title))
            yield Line(said.state, row.code, row.params, named)
