"""What a sender lately asked to have confirmed, and what it was told.

Comes in: a sender. Goes out: lines with counts and a sentence; no object is named.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.utils.translation import gettext as _

from planbank.catalogue.models import Commitment

if TYPE_CHECKING:
    from datetime import datetime

    from planbank.people.models import Sender

MOST = 8
State = Commitment.State


@dataclass(frozen=True)
class Line:
    """One request. `safe` and `unsafe` are None as long as nothing was decided."""

    asked_at: datetime
    safe: int | None
    unsafe: int | None
    state: str
    words: str
    detail: str


def commitments_of(sender: Sender, most: int = MOST) -> list[Line]:
    """The newest requests of a sender, newest first."""
    rows = Commitment.objects.filter(sender=sender).order_by("-asked_at", "-pk")
    return [_line(row) for row in rows.defer("references", "failed")[:most]]


def _line(row: Commitment) -> Line:
    state, words = _said(row)
    decided = row.judged_at is not None
    return Line(
        row.asked_at,
        row.safe_count if decided else None,
        row.failed_count if decided else None,
        state,
        words,
        row.detail,
    )


def _said(row: Commitment) -> tuple[str, str]:
    """State and words of how far a request is."""
    return {
        State.ASKED: ("info", _("Being checked")),
        State.JUDGED: ("info", _("Checked, not reported yet")),
        State.ANSWERED: ("info", _("Checked, not reported yet")),
        State.REPORTED: ("ok", _("Reported")),
        State.GIVEN_UP: ("warn", _("Not reported: given up")),
        State.NO_NODE: ("warn", _("Not reported: no address to call")),
        State.UNREADABLE: ("warn", _("The request could not be read")),
    }[State(row.state)]
