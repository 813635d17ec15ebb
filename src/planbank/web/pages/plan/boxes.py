"""The boxes of the graph of references: images <- structure set <- plan <- doses.

Comes in: the parts of a plan set and what is known to be missing. Goes out: boxes in tiers, each with
the sentence that says the same.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from planbank.catalogue.models import PlanSet
from planbank.catalogue.queries.one_plan_set import Part, Parts
from planbank.web.pages.plan.doses import beams_of
from planbank.web.pages.plans.words import is_plan
from planbank.web.parts.words import thin

MOST_BOXES = 4
WIDTHS = {"images": 70, "structure set": 76, "plan": 58, "dose": 73}
HEIGHT, NOTE_HEIGHT = 40, 14
MOST_LETTERS = 11


@dataclass(frozen=True)
class Seen:
    """What the boxes tell beside the parts.

    `missing`: the numbers of the finding images-missing, where it is open; `ambiguous`: whether the
    images cannot be told; `used`: the versions in the chosen dose; `rois`: structure set -> how many.
    """

    missing: dict[str, Any] = field(default_factory=dict)
    ambiguous: bool = False
    used: set[int] = field(default_factory=set)
    rois: dict[int, int] = field(default_factory=dict)


@dataclass(frozen=True)
class Box:
    """One object or series; `missing` ones are dashed. `x` and `y` are its upper left corner in px."""

    title: str
    line: str
    note: str = ""
    missing: bool = False
    says: str = ""
    x: float = 0
    y: float = 0
    width: float = 70

    @property
    def height(self) -> float:
        return HEIGHT + NOTE_HEIGHT if self.note else HEIGHT

    @property
    def text_x(self) -> float:
        return self.x + 6

    @property
    def baselines(self) -> tuple[float, float, float]:
        return self.y + 16, self.y + 32, self.y + 46


def tiers_of(plan_set: PlanSet, parts: Parts, seen: Seen) -> list[list[Box]]:
    """Tiers from the images to the doses; empty ones are left out."""
    images = [_images(part, seen.missing if n == 0 else {}) for n, part in enumerate(parts.images)]
    structure_sets = [_structure_set(part, seen.rois) for part in parts.structure_sets]
    if not images and structure_sets:
        images = [_no_images(seen)]
    plans = [_plan(parts.plan)] if parts.plan else []
    doses = [_dose(part, seen.used) for part in parts.doses]
    if is_plan(plan_set):
        if not structure_sets:
            says = _("The structure set of the plan has not been received.")
            structure_sets = [Box("RTSTRUCT", _("not here"), missing=True, says=says)]
        if not doses:
            says = _("No dose of the plan has been received.")
            doses = [Box("RTDOSE", _("not here"), missing=True, says=says)]
    elif doses and not plans:
        says = _("The plan that the dose names has not been received.")
        plans = [Box("RTPLAN", _("not here"), missing=True, says=says)]
    tiers = zip(WIDTHS.values(), (images, structure_sets, plans, doses), strict=True)
    return [[replace(box, width=width) for box in _few(tier)] for width, tier in tiers if tier]


def _no_images(seen: Seen) -> Box:
    if seen.ambiguous:
        says = _("Several image series could be those it was drawn on.")
        return Box(_("Images"), _("not clear"), missing=True, says=says)
    return Box(_("Images"), _("not here"), missing=True, says=_("Its images have not been received."))


def _few(tier: list[Box]) -> list[Box]:
    if len(tier) <= MOST_BOXES:
        return tier
    more = len(tier) - MOST_BOXES + 1
    rest = " ".join(box.says for box in tier[MOST_BOXES - 1 :])
    return [*tier[: MOST_BOXES - 1], Box(tier[0].title, _("%(n)s more") % {"n": more}, says=rest)]


def _images(part: Part, missing: dict[str, Any]) -> Box:
    modality = (part.series.modality if part.series else "") or _("Images")
    n = thin(part.images)
    line = ngettext("%(n)s slice", "%(n)s slices", part.images) % {"n": n}
    says = _("%(modality)s: %(line)s, linked by %(means)s.")
    if missing.get("missing"):
        of, lacks = thin(missing.get("of", 0)), thin(missing["missing"])
        line = _("%(n)s missing") % {"n": lacks}
        says = _("%(modality)s: %(lacks)s of %(of)s images have not been received; linked by %(means)s.")
        said = says % {"modality": modality, "lacks": lacks, "of": of, "means": part.means}
    else:
        said = says % {"modality": modality, "line": line, "means": part.means}
    return Box(modality, line, _note(part), says=said)


def _structure_set(part: Part, rois: dict[int, int]) -> Box:
    if part.says is None:
        return Box("RTSTRUCT", _("not read yet"))
    n = rois.get(part.says.pk, 0)
    line = ngettext("%(n)s ROI", "%(n)s ROIs", n) % {"n": thin(n)}
    said = _("RTSTRUCT: %(line)s, linked by %(means)s.") % {"line": line, "means": part.means}
    if part.means == "itself":
        said = _("RTSTRUCT: %(line)s; no plan names it.") % {"line": line}
    return Box("RTSTRUCT", line, _note(part), says=said)


def _plan(part: Part) -> Box:
    beams = [b for b in part.says.facts.get("beams", []) if b.get("treats")] if part.says else []
    n = len(beams)
    line = ngettext("%(n)s beam", "%(n)s beams", n) % {"n": n}
    if part.says and part.says.kind == "brachy":
        line = _("brachy")
    return Box("RTPLAN", line, says=_("RTPLAN: %(line)s.") % {"line": line})


def _dose(part: Part, used: set[int]) -> Box:
    dose = part.says
    if dose is None:
        return Box("RTDOSE", _("not read yet"))
    beams = beams_of(part)
    line = {"MULTI_PLAN": _("plans")}.get(dose.summation, (dose.summation or _("dose")).lower())
    if dose.summation == "BEAM" and len(beams) == 1:
        line = _("beam %(n)s") % {"n": beams[0]}
    whole, note = line, _note(part)
    if dose.version_id in used:
        whole = _("%(line)s, used for the DVH") % {"line": line}
        both = _("%(line)s, used") % {"line": line}
        if len(both) < MOST_LETTERS:
            line = both
        else:
            note = note or _("used")
    said = _("RTDOSE: %(line)s, linked by %(means)s.") % {"line": whole, "means": part.means}
    return Box("RTDOSE", _short(line), note, says=said)


def _short(text: str) -> str:
    """Text that fits a box."""
    return text if len(text) <= MOST_LETTERS + 1 else f"{text[:MOST_LETTERS]}\N{HORIZONTAL ELLIPSIS}"


def _note(part: Part) -> str:
    """How it was linked, where that was not by its own UID."""
    return {"series": _("by series"), "frame of reference": _("by frame")}.get(part.means, "")
