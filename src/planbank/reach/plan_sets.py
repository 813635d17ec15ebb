"""A plan set as somebody sees it who may not know whose it is (model.md, Levels, the name rule).

Comes in: what was read of a plan set. Goes out: the same, with names that are not words of the field
emptied or replaced by 'ROI 3', and no UID. The rows are changed in memory and never saved.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.utils.translation import gettext as _

from planbank.catalogue.models import Finding, Roi
from planbank.catalogue.names import showable
from planbank.catalogue.queries.one_plan_set import Part, Parts
from planbank.reach.veil import hide_series

# Of what analyse read of a plan or dose: numbers, codes and words of DICOM itself.
PLAIN_FACTS = frozenset(
    {
        *("geometry", "techniques", "radiation", "meterset", "brachy_treatment_type", "brachy_technique"),
        *("manufacturer", "manufacturer_model_name", "software_versions", "fraction_groups", "beams"),
        *("prescriptions", "approval_date", "scaling", "tissue_heterogeneity", "grid", "plans"),
    }
)
_NAMES = ("name", "description", "label")
# What these say are a protocol's own words and numbers: its name, its types, its constraints.
OF_PROTOCOLS = frozenset(
    {"types-missing", "types-forbidden", "constraint-not-met", "constraint-tolerated", "constraint-cannot"}
)


def veil_rois(rois: Iterable[Roi]) -> None:
    """Names by the rule; what may not be shown is 'ROI' and its number."""
    rois = list(rois)
    known = showable(roi.name for roi in rois)
    for roi in rois:
        roi.label = ""
        if roi.name not in known:
            roi.name = _("ROI %(n)s") % {"n": roi.number}


def veil_parts(parts: Parts) -> None:
    """Plans, structure sets, doses and series without labels, descriptions and UIDs."""
    every: list[Part] = [*([parts.plan] if parts.plan else []), *parts.structure_sets, *parts.doses]
    for part in [*every, *parts.images, *parts.others]:
        if part.instance is not None:
            part.instance.sop_instance_uid = ""
        if part.series is not None:
            hide_series(part.series)
        if part.says is not None:
            part.says.label = part.says.name = ""
            part.says.facts = {k: _nameless(v) for k, v in part.says.facts.items() if k in PLAIN_FACTS}


def veil_findings(rows: Iterable[Finding]) -> None:
    """What a finding is about is told where it is a word of the field, or an object's number."""
    rows = list(rows)
    known = showable(row.about for row in rows)
    for row in rows:
        if row.code in OF_PROTOCOLS:
            continue
        if row.about not in known and not row.about.startswith("object "):
            row.about = ""
        row.params = {k: v for k, v in row.params.items() if isinstance(v, (int, float)) or k == "where"}


def _nameless(value: Any) -> Any:
    if isinstance(value, dict):
        return {k: "" if k in _NAMES or k.endswith("uid") else _nameless(v) for k, v in value.items()}
    return [_nameless(part) for part in value] if isinstance(value, list) else value
