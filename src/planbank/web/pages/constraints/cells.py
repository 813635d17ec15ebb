"""Verdicts as the pages show them: an icon, words, a value, why.

Comes in: stored verdicts, what a plan comes to in all. Goes out: what a template draws, cells of a CSV.
"""

from __future__ import annotations

from typing import Any

from planbank.protocols.constraints.reasons import reason_in_words
from planbank.protocols.models import Constraint, Verdict
from planbank.statistics.reviews import Overall

ICONS = {"met": "ok", "tolerated": "warn", "cannot": "info", "not met": "bad"}


def cell_of(one: Constraint, told: Verdict | None) -> dict[str, Any] | None:
    """One plan by one constraint; None where it does not concern the plan."""
    if told is None:
        return None
    return {
        "icon": ICONS[told.state],
        "words": told.get_state_display(),
        "value": told.value,
        "unit": one.unit,
        "why": reason_in_words(told.reason),
    }


def in_words(overall: Overall) -> dict[str, Any] | None:
    """One plan in all; None where nothing was judged."""
    if not overall.by_rule:
        return None
    return {
        "icon": ICONS[overall.state],
        "words": Verdict.State(overall.state).label,
        "by_rule": Verdict.State(overall.by_rule).label,
        "review": overall.review if overall.counts else None,
        "lapsed": overall.lapsed,
    }


def in_short(overall: Overall) -> list[str]:
    """What counts, who overruled, and why, for a CSV."""
    return [overall.state, overall.by, overall.because]
