"""Whether everything found what it belongs to (what did not is a finding)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from django.utils.translation import gettext as _

from planbank.catalogue.finding_words import finding_in_words
from planbank.catalogue.models import Finding
from planbank.services.receipt.lines.line import About, Line, Said

CODES = frozenset({"linked"})


def lines(about: About) -> Iterator[Line]:
    """One, where link found nothing to look at."""
    if not about.quiet or about.parts.plan is None:
        return
    found = Finding.objects.filter(
        patient_file=about.plan_set.patient_file_id,
        subject_kind="plan set",
        subject_id=about.plan_set.pk,
        source="link",
        closed_at=None,
    )
    if not any(finding_in_words(row.code, {}).state in ("bad", "warn") for row in found):
        yield Line("ok", "linked")


def say(code: str, params: Mapping[str, Any]) -> Said:
    """One sentence."""
    return Said(_("Everything belongs together"), _("Plan, structures, dose and images found each other."))
