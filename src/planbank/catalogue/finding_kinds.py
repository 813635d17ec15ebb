"""What the words of a finding consist of, and sentences that many of them share (look.md, Words).

Comes in: nothing. Goes out: `Words`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

State = Literal["bad", "warn", "info"]
Text = str | Promise


@dataclass(frozen=True)
class Words:
    """`says` may hold {name} for the finding's numbers. `safe` and `todo` may be empty."""

    state: State
    says: Text
    safe: Text
    todo: Text


KEPT = _("The object is stored, byte for byte as you sent it.")
ALL_KEPT = _("All objects are stored. Nothing was changed.")
NO_ACTION = _("Nothing needs doing.")
SEND_AGAIN = _("Send the object again from the planning system.")
