"""What a plan prescribes and how it is delivered.

Comes in: the plan as analyse left it. Goes out: facts and the table of its beams.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from planbank.catalogue.models import Plan, Roi
from planbank.web.pages.plans import words
from planbank.web.parts.words import NONE, thin


@dataclass(frozen=True)
class BeamRow:
    """A treatment beam within a fraction group."""

    name: str
    energy: str
    gantry: str
    meterset: str


@dataclass(frozen=True)
class Group:
    """A fraction group with its beams; `title` is empty where there is only one."""

    title: str
    beams: list[BeamRow]


@dataclass(frozen=True)
class Prescription:
    """The card of prescription and beams."""

    facts: list[tuple[str, str]] = field(default_factory=list)
    groups: list[Group] = field(default_factory=list)
    unit: str = "MU"
    left_out: int = 0


def prescription_of(plan: Plan, rois: Iterable[Roi]) -> Prescription:
    """Facts of a plan; what it does not say is left out."""
    facts = plan.facts
    beams = facts.get("beams") or []
    treating = {beam["number"]: beam for beam in beams if beam.get("treats")}
    units = {beam.get("meterset_unit") or "MU" for beam in treating.values()}
    return Prescription(
        [(name, value) for name, value in _facts(plan, {roi.number: roi.name for roi in rois}) if value],
        _groups(facts.get("fraction_groups") or [], treating),
        units.pop() if len(units) == 1 else "MU",
        len(beams) - len(treating),
    )


def _facts(plan: Plan, names: dict[int, str]) -> list[tuple[str, str]]:
    facts = plan.facts
    software = " ".join(facts.get("software_versions") or [])
    model = facts.get("manufacturer_model_name") or ""
    system = " ".join(word for word in (model, software) if word)
    return [
        (_("Prescribed"), _prescribed(plan, names)),
        (_("Taken from"), _source(plan)),
        (_("Technique"), plan.technique),
        (_("Machine"), plan.machine),
        (_("Energies"), plan.energies),
        (_("System"), ", ".join(word for word in (facts.get("manufacturer") or "", system) if word)),
        (_("Intent"), plan.intent.capitalize().replace("_", " ")),
        (_("Approval"), _approval(plan)),
    ]


def _prescribed(plan: Plan, names: dict[int, str]) -> str:
    said = words.prescription(plan.prescription_gy, plan.fractions)
    leading = next(
        (p for p in plan.facts.get("prescriptions") or [] if p.get("dose_gy") == plan.prescription_gy), None
    )
    target = (names.get(leading.get("roi_number")) or leading.get("description") or "") if leading else ""
    return _("%(dose)s to %(target)s") % {"dose": said, "target": target} if said and target else said


def _source(plan: Plan) -> str:
    return {
        "target prescription": _("the plan's target prescription"),
        "beam doses": _("the sum of the beam doses; the plan states none"),
    }.get(plan.prescription_source, plan.prescription_source)


def _approval(plan: Plan) -> str:
    said, day = words.approval(plan.approval), words.long_day(plan.facts.get("approval_date") or "")
    return f"{said}, {day}" if said and day else said


def _groups(groups: list[dict[str, Any]], treating: dict[int, dict[str, Any]]) -> list[Group]:
    """Each fraction group with its beams; beams that no group names stand in one of their own."""
    found: list[Group] = []
    named: set[int] = set()
    for group in groups:
        rows = [_row(treating[b["number"]], b) for b in group["beams"] if b["number"] in treating]
        named.update(b["number"] for b in group["beams"])
        title = ""
        if len(groups) > 1:
            n = group.get("fractions")
            title = _("Fraction group %(number)s") % {"number": group.get("number") or len(found) + 1}
            if n is not None:
                title += ", " + ngettext("%(n)s fraction", "%(n)s fractions", n) % {"n": n}
        if rows:
            found.append(Group(title, rows))
    rest = [_row(beam, {}) for number, beam in treating.items() if number not in named]
    if rest:
        found.append(Group(_("In no fraction group") if found else "", rest))
    return found


def _row(beam: dict[str, Any], reference: dict[str, Any]) -> BeamRow:
    meterset = reference.get("meterset")
    return BeamRow(
        beam.get("name") or beam.get("description") or _("Beam %(n)s") % {"n": beam.get("number")},
        ", ".join(beam.get("energies") or []) or NONE,
        _gantry(beam),
        NONE if meterset is None else thin(meterset, 1),
    )


def _gantry(beam: dict[str, Any]) -> str:
    start, stop = beam.get("gantry_start"), beam.get("gantry_stop")
    if start is None:
        return NONE
    if not beam.get("arc") or stop is None:
        return f"{start:.4g}°"
    return _("%(start)s to %(stop)s°") % {"start": f"{start:.4g}", "stop": f"{stop:.4g}"}
