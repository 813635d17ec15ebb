"""Structures that a protocol requires and the plan lacks, or that must not be there (R68, R150)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from django.utils.translation import gettext as _

from planbank.naming.queries.gaps import gaps_of
from planbank.services.receipt.lines.line import About, Line, Said

CODES = frozenset({"structures-missing", "structures-forbidden"})


def lines(about: About) -> Iterator[Line]:
    """One a protocol and kind, once nothing more is awaited."""
    if not about.quiet:
        return
    for gap in gaps_of(about.plan_set):
        for code, names in (("structures-missing", gap.missing), ("structures-forbidden", gap.forbidden)):
            if names:
                yield Line("warn", code, {"protocol": gap.protocol, "names": list(names)}, gap.protocol)


def say(code: str, params: Mapping[str, Any]) -> Said:
    """'BREAST asks for Heart, which was not found among the names in this plan'."""
    said = {"protocol": params["protocol"], "names": ", ".join(params["names"])}
    if code == "structures-forbidden":
        title = _("%(protocol)s must not have: %(names)s") % said
        return Said(title, _("Remove it from the structure set and send it again, or ask a key user."))
    title = _("%(protocol)s asks for %(names)s, not found in this plan") % said
    text = _(
        "If it is there under another name, a key user maps the name and you need do nothing. "
        "If it was not drawn, draw it and send the structure set again."
    )
    return Said(title, text)
