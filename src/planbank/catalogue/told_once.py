"""Findings that say the same thing twice, said once (R28, R34).

Comes in: open findings on a plan set and on its objects. Goes out: those that a person is to read. The
rows stay: link and completeness each look for themselves, and either may close its own first.
"""

from __future__ import annotations

from collections.abc import Iterable

from planbank.catalogue.models import Finding

# Both of completeness: it says how many and, where it can, at which height.
OF_THE_STACK = frozenset({"images-incomplete", "images-incomplete-somewhere"})
OF_THE_LINK = "images-missing"


def told_once(rows: Iterable[Finding]) -> list[Finding]:
    """The findings in their order, without 'images-missing' where the stacks account for every one.

    A structure set that cites more images than its stacks lack says something of its own, and stays.
    """
    found = list(rows)
    # A series may be cited by several structure sets, but a stack's finding is there once.
    lacking = sum(row.params.get("missing", 0) for row in found if row.code in OF_THE_STACK)
    return [
        row for row in found if row.code != OF_THE_LINK or not 0 < row.params.get("missing", 0) <= lacking
    ]
