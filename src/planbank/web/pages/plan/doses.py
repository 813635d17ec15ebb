"""Which calculation a page shows, and what its dose is called.

Comes in: the calculations of a plan set and the address. Goes out: the chosen one, the words for
each, and what a plan set without DVH waits for (model.md: every table says which dose).
"""

from __future__ import annotations

from dataclasses import dataclass

from django.utils.translation import gettext as _

from planbank.catalogue.models import Calculation, Dose
from planbank.catalogue.queries.one_plan_set import Part, Parts, Work


@dataclass(frozen=True)
class Option:
    """One calculation that can be chosen."""

    calculation: Calculation
    title: str
    chosen: bool


def options_of(calculations: list[Calculation], parts: Parts, asked: str) -> list[Option]:
    """Every calculation with its name; the one that the address names is chosen, else the first."""
    named = next((c for c in calculations if str(c.pk) == asked), None)
    chosen = named or (calculations[0] if calculations else None)
    several = len({c.structure_set_id for c in calculations}) > 1
    by_version = {part.says.version_id: part.says for part in parts.doses if part.says}
    found = []
    titles: dict[str, int] = {}
    for calculation in calculations:
        title = name_of(calculation, by_version)
        if several:
            label = calculation.structure_set.label or calculation.structure_set.name
            title = f"{title}, {label}" if label else title
        titles[title] = titles.get(title, 0) + 1
        if titles[title] > 1:
            title = f"{title} ({titles[title]})"
        found.append(Option(calculation, title, calculation == chosen))
    return found


def name_of(calculation: Calculation, doses: dict[int, Dose]) -> str:
    """'PLAN', 'sum of 2 BEAM doses', 'sum of several plans'; the comment where there is one."""
    dose = calculation.chosen_dose
    versions = list(dose.versions.all())
    if dose.is_plan_sum:
        title = _("sum of several plans")
    elif len(versions) > 1:
        title = _("sum of %(n)s %(kind)s doses") % {"n": len(versions), "kind": dose.summation}
    else:
        title = dose.summation or _("dose")
    comment = doses[versions[0].pk].label if len(versions) == 1 and versions[0].pk in doses else ""
    return f"{title}, {comment}" if comment else title


def unit_of(calculation: Calculation) -> str:
    """Gy, or Gy(RBE) for an effective dose (R75)."""
    return "Gy(RBE)" if calculation.chosen_dose.type.upper() == "EFFECTIVE" else "Gy"


def type_of(calculation: Calculation) -> str:
    """Dose Type (PS3.3 C.8.8.3) in words."""
    types = {"PHYSICAL": _("physical dose"), "EFFECTIVE": _("biologically effective dose")}
    code = calculation.chosen_dose.type
    return types.get(code.upper(), code)


def waits_for(parts: Parts, codes: dict[str, str], work: Work) -> tuple[str, str]:
    """(what is the case, what happens next) where there is no DVH; `codes` are open findings in words."""
    if work.states.get("failed"):
        return _("The DVH could not be calculated"), " ".join(work.reasons[:2])
    if work.states.get("due") or work.states.get("later"):
        return _("The DVH is being calculated"), _("It appears here by itself; nothing needs doing.")
    if not parts.doses:
        return _no_dose(parts)
    if not parts.structure_sets:
        return _("The DVH waits for the structure set"), _("The dose has come. Send the RTSTRUCT.")
    for code in ("dose-waiting-for-beams", "dose-other-frame", "dose-relative", "dose-sum-mixed"):
        if code in codes:
            return _("No DVH yet"), codes[code]
    return _("No DVH from this dose"), codes.get("dose-not-used", _("What came holds no dose in Gy."))


def _no_dose(parts: Parts) -> tuple[str, str]:
    if parts.plan is None:
        return _("No dose belongs to these structures"), _("A DVH needs a plan or a dose on the same images.")
    return _("No dose received"), _("The DVH waits for the RTDOSE of the plan and then appears by itself.")


def dose_words(part: Part) -> str:
    """An RT dose in a line: 'PLAN, Gy, grid 2.5 mm'."""
    dose = part.says
    if dose is None:
        return _("not read yet")
    grid = (dose.facts.get("grid") or {}).get("spacing_mm") or []
    sides = sorted({f"{side:.3g}" for side in grid if side})
    unit = {"GY": "Gy", "RELATIVE": _("relative")}.get(dose.units, dose.units)
    effective = dose.type.upper() == "EFFECTIVE"
    words = [dose.summation, "Gy(RBE)" if effective and unit == "Gy" else unit]
    if sides:
        words.append(_("grid %(mm)s mm") % {"mm": " x ".join(sides)})
    return ", ".join(word for word in words if word)


def beams_of(part: Part) -> list[int]:
    """The beam numbers that a dose names."""
    plans = part.says.facts.get("plans") or [] if part.says else []
    return [n for plan in plans for group in plan["fraction_groups"] for n in group["beams"]]
