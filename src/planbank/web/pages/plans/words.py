"""What plan sets are called on pages.

Comes in: values as DICOM writes them, and codes of the catalogue. Goes out: plain text and states of
the kit.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime
from typing import TypeVar

from django.utils import translation
from django.utils.formats import date_format, get_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from planbank.catalogue.models import PlanSet
from planbank.web.parts.words import thin

T = TypeVar("T")


def label(plan_set: PlanSet) -> str:
    """The label as sent, or what it is where it has none."""
    unnamed = _("Plan without label") if is_plan(plan_set) else _("Structure set without label")
    return plan_set.label or unnamed


def is_plan(plan_set: PlanSet) -> bool:
    return plan_set.kind == PlanSet.Kind.PLAN


def kind(plan_set: PlanSet) -> str:
    """What a plan set is named after."""
    return _("Plan") if is_plan(plan_set) else _("Structure set")


def gray(dose: float | None) -> str:
    """A dose in Gy with the digits it needs: 50, 40.05, 45.883."""
    if dose is None:
        return ""
    text = f"{dose:.3f}".rstrip("0").rstrip(".")
    return thin(float(text) if "." in text else int(text))


def prescription(dose: float | None, fractions: int | None) -> str:
    """'50 Gy in 25', as far as it is given."""
    if dose is not None and fractions:
        return _("%(gy)s Gy in %(n)s") % {"gy": gray(dose), "n": fractions}
    if dose is not None:
        return _("%(gy)s Gy") % {"gy": gray(dose)}
    if fractions:
        return ngettext("%(n)s fraction", "%(n)s fractions", fractions) % {"n": fractions}
    return ""


def cell(value: float | None) -> float | str:
    """A number of a CSV, with the decimal sign that goes with its separator (R79); '' for none."""
    if value is None:
        return ""
    sign = get_format("DECIMAL_SEPARATOR")
    return round(value, 4) if sign == "." else str(round(value, 4)).replace(".", sign)


def in_this_language(rows: Iterator[T]) -> Iterator[T]:
    """Rows that are made while a download runs, in the language of the request that asked for it."""
    language = translation.get_language()

    def each() -> Iterator[T]:
        while True:
            with translation.override(language):
                try:
                    row = next(rows)
                except StopIteration:
                    return
            yield row

    return each()


def approval(code: str) -> str:
    """Approval Status (PS3.3 C.8.8.16) in words; anything else as sent."""
    known = {"APPROVED": _("Approved"), "UNAPPROVED": _("Unapproved"), "REJECTED": _("Rejected")}
    return known.get(code.upper(), code)


def approval_state(code: str) -> str:
    """State of the kit of an approval: a plan that nobody approved is no fault."""
    return {"APPROVED": "ok", "REJECTED": "warn"}.get(code.upper(), "idle")


def dose_state(state: str) -> tuple[str, str]:
    """(state of the kit, words) of the DVHs of a plan set."""
    return {
        "ready": ("ok", _("DVH ready")),
        "due": ("idle", _("being calculated")),
        "failed": ("bad", _("no DVH")),
        "waiting": ("idle", _("waits for doses")),
        "unused": ("info", _("no DVH")),
        "no structures": ("idle", _("no structures")),
    }.get(state, ("idle", _("no dose")))


def worst(state: str) -> str:
    """The word of the gravest finding."""
    words = {"bad": _("Needs a fix"), "warn": _("Please look"), "info": _("To know")}
    return words.get(state, _("none"))


def long_day(text: str) -> str:
    """A DA value (20261124) as 24 November 2026; as sent where it is no date."""
    try:
        when: date = datetime.strptime(text.strip(), "%Y%m%d").date()  # noqa: DTZ007 - a day has no zone
    except ValueError:
        return text
    return date_format(when, "j F Y")
