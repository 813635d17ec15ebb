"""The objects of a plan set as a list with links.

Comes in: its parts. Goes out: rows: what it is, what it says, how it was linked, where to look.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from planbank.catalogue.queries.one_plan_set import Part, Parts
from planbank.web.pages.plan.doses import beams_of, dose_words
from planbank.web.pages.plans.words import long_day
from planbank.web.parts.words import thin


@dataclass(frozen=True)
class ObjectRow:
    """One object, or one series of images."""

    kind: str
    url: str
    says: str
    means: str
    received_at: datetime | None


def objects_of(parts: Parts, rois: Mapping[int, int], *, link: bool = True) -> list[ObjectRow]:
    """Plan, structure sets, doses, images, records, registrations; `rois` counts by structure set.

    `link=False`: without the way to the page of each, which shows whose it is.
    """
    rows = [_row(part, "RTPLAN", part.says.technique if part.says else "") for part in _some(parts.plan)]
    rows += [_row(part, "RTSTRUCT", _structures(part, rois)) for part in parts.structure_sets]
    rows += [_row(part, "RTDOSE", _dose(part)) for part in parts.doses]
    rows += [_series(part) for part in parts.images]
    for part in parts.others:
        kind = _("Treatment record") if part.role == "record" else _("Registration")
        rows.append(_row(part, kind, long_day(part.says.date) if part.says else ""))
    return rows if link else [replace(row, url="") for row in rows]


def _some(part: Part | None) -> list[Part]:
    return [part] if part else []


def _row(part: Part, kind: str, says: str) -> ObjectRow:
    assert part.instance is not None
    url = reverse("instance", args=[part.instance.pk])
    label = part.says.label if part.says and part.role == "structure set" else ""
    words = ", ".join(word for word in (label, says) if word)
    return ObjectRow(kind, url, words, means_words(part.means), part.instance.last_received_at)


def _structures(part: Part, rois: Mapping[int, int]) -> str:
    n = rois.get(part.says.pk, 0) if part.says else 0
    return ngettext("%(n)s ROI", "%(n)s ROIs", n) % {"n": thin(n)}


def _dose(part: Part) -> str:
    beams = beams_of(part)
    words = dose_words(part)
    if beams and part.says and part.says.summation == "BEAM":
        words += ", " + _("beam %(n)s") % {"n": ", ".join(str(n) for n in beams)}
    return words


def _series(part: Part) -> ObjectRow:
    assert part.series is not None
    n = ngettext("%(n)s image", "%(n)s images", part.images) % {"n": thin(part.images)}
    words = ", ".join(word for word in (part.series.description, n) if word)
    url = reverse("series", args=[part.series.pk])
    kind = part.series.modality or _("Images")
    return ObjectRow(kind, url, words, means_words(part.means), part.series.last_received_at)


def means_words(means: str) -> str:
    """By what a member was linked."""
    return {
        "itself": "",
        "SOP Instance UID": _("by UID"),
        "series": _("by series"),
        "frame of reference": _("by frame of reference"),
    }.get(means, means)
