"""Objects that could not be read."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from planbank.catalogue.queries.one_plan_set import analysed
from planbank.services.receipt.lines.line import About, Line, Said

CODES = frozenset({"unread"})


def lines(about: About) -> Iterator[Line]:
    """One, where analyse failed on any object."""
    if failed := analysed(about.parts).states.get("failed", 0):
        yield Line("bad", "unread", {"objects": failed})


def say(code: str, params: Mapping[str, Any]) -> Said:
    """How many, and what to do."""
    n = params["objects"]
    title = ngettext("%(n)s object cannot be read", "%(n)s objects cannot be read", n) % {"n": n}
    return Said(title, _("They are stored. Send them again from the planning system."))
