"""A receipt in words, for the page and for the mail.

Comes in: a receipt. Goes out: rows with state, title, text and what to do, in the language that is
active. `veiled`: for a mail, which names nothing that is not a word of the field (model.md, the name
rule): no ROI as it was sent, no label, no UID.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from planbank.catalogue.finding_words import WORDS, finding_in_words
from planbank.catalogue.models import Receipt
from planbank.catalogue.names import showable
from planbank.messages.kinds import plain
from planbank.services.receipt.lines import KINDS
from planbank.services.receipt.lines.findings import AT_ONCE

# Of a finding's params: what the bank itself says. Everything else may be text as it was sent.
_OURS = frozenset({"where", "protocol"})
_OF_TRIGGERS = _OURS | {"name", "reason"}


@dataclass(frozen=True)
class Row:
    """One line of a receipt as it is read."""

    state: str
    word: str
    title: str
    text: str
    todo: str = ""
    code: str = ""


def rows_of(receipt: Receipt, *, veiled: bool = False) -> list[Row]:
    """Every line, worst first."""
    known = showable(line["about"] for line in receipt.lines) if veiled else set()
    return [_row(line, known if veiled else None) for line in receipt.lines]


def _row(line: Mapping[str, Any], known: set[str] | None) -> Row:
    state, code, params, about = line["state"], line["code"], line["params"], line["about"]
    if code in WORDS:
        if known is not None:
            about = about if about in known else ""
            ours = _OF_TRIGGERS if code in AT_ONCE else _OURS
            params = {k: v for k, v in params.items() if isinstance(v, int | float) or k in ours}
        said = finding_in_words(code, params, about)
        return Row(state, word(state), _mended(said.title), said.safe, said.todo, code)
    for kind in KINDS.values():
        if code in kind.CODES:
            told = kind.say(code, params)
            return Row(state, word(state), told.title, told.text, "", code)
    return Row(state, word(state), code, "", "", code)


def _mended(title: str) -> str:
    """A sentence whose name was left out: 'cannot be read: .' ends at the colon."""
    return plain(re.sub(r"\s*:\s*\.$", ".", title), 400)


def word(state: str) -> str:
    """The word on a badge."""
    words = {
        "bad": _("Needs a fix"),
        "warn": _("Please look"),
        "ok": _("All well"),
        "waiting": _("Waiting for the rest"),
    }
    return words.get(state, _("To know"))


def headline(receipt: Receipt) -> str:
    """'Safely received. One thing to fix, one to look at.'"""
    said = [_("Safely received.")]
    bad, warn = count(receipt.lines, "bad"), count(receipt.lines, "warn")
    if bad and warn:
        fix = ngettext("%(n)s thing to fix", "%(n)s things to fix", bad) % {"n": bad}
        look = ngettext("%(n)s to look at", "%(n)s to look at", warn) % {"n": warn}
        said.append(f"{fix}, {look}.")
    elif bad:
        said.append(ngettext("%(n)s thing to fix.", "%(n)s things to fix.", bad) % {"n": bad})
    elif warn:
        said.append(ngettext("%(n)s thing to look at.", "%(n)s things to look at.", warn) % {"n": warn})
    elif receipt.state == "waiting":
        said.append(_("More may still be on its way."))
    else:
        said.append(_("All is well."))
    return " ".join(said)


def count(lines: Sequence[Mapping[str, Any]], state: str) -> int:
    """How many lines are in a state."""
    return sum(line["state"] == state for line in lines)


def protocols(receipt: Receipt) -> list[str]:
    """Short names of the protocols it was filed in, or asks to be."""
    names = [line["params"].get("protocol", "") for line in receipt.lines]
    return sorted({str(name) for name in names if name})
