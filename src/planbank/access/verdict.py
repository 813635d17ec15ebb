"""A decision, with its reason.

Comes in: what the policy found. Goes out: `Verdict`, which a page, the API or a job turns into an
answer; `Refused` carries one out of a view. Hidden and absent are both 404; only a person whose own
grant lapsed, or who sees the thing but lacks the level for this act, gets 403 with the reason and whom
to ask (security.md, Attack classes, IDOR).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from planbank.errors import PlanbankError

Kind = Literal["allowed", "hidden", "not yet", "lapsed", "level", "closed"]


@dataclass(frozen=True)
class Verdict:
    """Whether, and why; `ask` says whom to ask where that may be said."""

    allowed: bool
    reason: str
    kind: Kind = "hidden"
    ask: str = ""

    def __bool__(self) -> bool:
        return self.allowed

    @property
    def status(self) -> int:
        """The HTTP status: 200, 403 (with the reason) or 404."""
        if self.allowed:
            return 200
        return 404 if self.kind == "hidden" else 403


def allowed(reason: str) -> Verdict:
    """Yes."""
    return Verdict(True, reason, "allowed")


class Refused(PlanbankError):
    """This is not allowed."""

    def __init__(self, verdict: Verdict) -> None:
        """`verdict` is what the person is told."""
        super().__init__()
        self.verdict = verdict
