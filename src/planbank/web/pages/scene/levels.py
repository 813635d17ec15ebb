"""Isodose levels that are offered (R99).

Comes in: the doses of a description, the prescription, the reader's own levels. Goes out: levels in Gy, and
where own ones are kept.
"""

from __future__ import annotations

from typing import Any

from django.urls import reverse

from planbank.catalogue.models import PlanSet
from planbank.protocols.isodoses import in_gy

STEPS = 13
"""As many as in Figure 6 of the paper: equal steps up to the highest dose, which itself has no line."""

OF_PRESCRIPTION = (0.05, 0.1, 0.25, 0.5, 0.8, 0.95, 1.0, 1.07)
"""look.md, isodoses."""


def levels_of(
    doses: list[dict[str, Any]], plan_set: PlanSet, kept: tuple[list[float], str] | None
) -> dict[str, Any]:
    """`auto`, `own` (None: none are kept), `prescription` (None: there is none), `save` (an address)."""
    prescription = plan_set.prescription_gy
    used = next((one for one in doses if one["used"]), doses[0] if doses else None)
    top = used["max"] if used else 0.0
    return {
        "auto": [round(top * step / (STEPS + 1), 3) for step in range(1, STEPS + 1)] if top > 0 else [],
        "own": in_gy(kept, prescription),
        "own_as": {"values": kept[0], "unit": kept[1]} if kept else None,
        "save": reverse("plan-isodoses", args=[plan_set.pk]),
        "prescription": [round(prescription * part, 3) for part in OF_PRESCRIPTION] if prescription else None,
    }
