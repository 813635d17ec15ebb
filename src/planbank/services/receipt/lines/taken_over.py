"""A plan set that is none any more: its structure set now belongs to a plan that came later.

Written by catalogue/receipts_due, where plan sets go; here are its words.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from django.utils.translation import gettext as _

from planbank.services.receipt.lines.line import About, Line, Said

CODES = frozenset({"taken-over"})


def lines(about: About) -> Iterator[Line]:
    """None: a plan set that is here was not taken over."""
    yield from ()


def say(code: str, params: Mapping[str, Any]) -> Said:
    """One sentence."""
    text = _("What came is part of another plan set now, with a receipt of its own.")
    return Said(_("Nothing needs doing"), text)
