"""An event as a person reads it.

Comes in: an event. Goes out: a sentence in the language that is active, and the path to look at.
"""

from __future__ import annotations

from contextlib import suppress
from datetime import date

from django.utils.formats import date_format
from django.utils.translation import gettext as _

from planbank.access.roles import ROLES
from planbank.delivery.words import words
from planbank.messages.kinds import link, sentence
from planbank.messages.models import Event, EventKind


def in_words(event: Event) -> tuple[str, str]:
    """(sentence, path or ''); codes of roles and dates are put into words."""
    params = {**event.params, "institution": event.institution.code if event.institution else "-"}
    if (role := params.get("role")) in ROLES:
        params["role"] = ROLES[role].title
    if isinstance(day := params.get("day", params.get("first")), str):
        with suppress(ValueError):
            params["day"] = date_format(date.fromisoformat(day[:10]), "j F Y")
    if event.kind == EventKind.TRIGGER_FAILED:
        params["reason"] = words(params.get("reason", ""))  # what a rule said is a code
    if not params.get("reason", True):
        params["reason"] = _("no reason is known")
    return sentence(event.kind, params), link(event.kind, params)
