"""The description of a bundle as its reader may see it: numbers of the archive, words of the level.

Comes in: a plan set as the policy lets it be read, its description in the archive. Goes out: the JSON of
docs/reference/bundle.md. Names are veiled by the rules of the plan page; no UID and no sender's text stands
in the archive's description, and none comes in here.
"""

from __future__ import annotations

from typing import Any

from django.utils.crypto import salted_hmac
from django.utils.translation import gettext as _

from planbank.catalogue.models import Roi
from planbank.catalogue.queries import one_plan_set as reads
from planbank.reach.plan_sets import veil_findings
from planbank.web.lists.words import person
from planbank.web.pages.plan import findings
from planbank.web.pages.plan.sheet import Sheet
from planbank.web.pages.plans.words import label as label_of
from planbank.web.pages.scene import curves, levels, missing, places, words

MOST_FINDINGS = 500
Kept = tuple[list[float], str] | None


def document_of(sheet: Sheet, about: dict[str, Any], digest: str, kept: Kept) -> dict[str, Any]:
    """Everything the viewer knows of a plan set."""
    structures = _structures(sheet, about["structures"])
    doses = _doses(sheet, about["doses"])
    images = _images(about["images"])
    return {
        "format": about["format"],
        "digest": digest,
        "ready": True,
        "why": "",
        "plan": _plan(sheet, about),
        "frames": {name: _frame_name(name) for name in about["frames"]},
        "frame_ids": {name: _frame_id(sheet, mark) for name, mark in about["frames"].items()},
        "images": images,
        "structures": structures,
        "doses": doses,
        "beams": _beams(sheet, about["beams"]),
        "dvh": curves.curves_of(sheet, structures, doses),
        "findings": places.placed(_findings(sheet), [*images, *structures, *doses], about["beams"]),
        "refused": [words.refusal(one) for one in about["refused"]],
        "levels": levels.levels_of(doses, sheet.plan_set, kept),
    }


def _plan(sheet: Sheet, about: dict[str, Any]) -> dict[str, Any]:
    plan_set = sheet.plan_set
    file = plan_set.patient_file
    first = next((one for one in about["images"] if one["frame"] == "f0"), {})
    return {
        "id": plan_set.pk,
        "label": label_of(plan_set),
        "prescription_gy": plan_set.prescription_gy,
        "fractions": plan_set.fractions,
        "patient": " ".join(part for part in (person(file.name), file.sent_id) if part),
        "position": first.get("position", ""),
    }


def _frame_name(name: str) -> str:
    if name == "f0":
        return _("Frame of reference of the plan")
    return _("Another frame of reference (%(n)s)") % {"n": name[1:]}


def _frame_id(sheet: Sheet, mark: str) -> str:
    """Equal for two plan sets of one patient where the frame of reference is; says nothing else."""
    patient = sheet.plan_set.patient_file.patient_id or f"file {sheet.plan_set.patient_file_id}"
    return salted_hmac("planbank.scene.frame", f"{patient}:{mark}").hexdigest()[:16] if mark else ""


def _images(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    lacking = missing.lacking(rows)
    primary = next((row["key"] for row in rows if row["frame"] == "f0"), None)
    found = []
    for row in rows:
        windows = [{**one, "name": str(words.WINDOWS.get(one["key"], ""))} for one in row["windows"]]
        more = {"windows": windows, "primary": row["key"] == primary, **lacking[row["key"]]}
        found.append({**_plain(row), **more, "label": " ".join(filter(None, (row["modality"], row["mark"])))})
    return found


def _structures(sheet: Sheet, rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """ROIs under the names that the level allows."""
    named: dict[tuple[int, int], Roi] = {}
    says = {part.says.version_id: part.says for part in sheet.parts.structure_sets if part.says}
    of = {row.pk: version for version, row in says.items()}
    for roi in sheet.rois:
        named[of[roi.structure_set_id], roi.number] = roi
    found = []
    for row in rows:
        version = row["of"]["version"]
        told = says.get(version)
        rois = [_roi(one, named.get((version, one["number"]))) for one in row["rois"]]
        more = {"label": told.label or told.name if told else "", "rois": rois}
        found.append({**_plain(row), **more, "id": told.pk if told else None})
    return found


def _roi(one: dict[str, Any], roi: Roi | None) -> dict[str, Any]:
    return {
        **one,
        "name": roi.name if roi else _("ROI %(n)s") % {"n": one["number"]},
        "type": roi.type or None if roi else None,
        "why": words.why_empty(one["why"]),
    }


def _doses(sheet: Sheet, rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Doses, with the name by which the page of the plan offers them; `used`: the one it shows first."""
    titles: dict[int, str] = {}
    for option in sheet.options:
        titles.setdefault(option.calculation.chosen_dose_id, option.title)
    used = sheet.calculation.chosen_dose_id if sheet.calculation else None
    says = {part.says.version_id: part.says for part in sheet.parts.doses if part.says}
    found = []
    for row in rows:
        chosen = row["of"]["chosen"]
        alone = says.get(row["of"]["versions"][0])
        comment = alone.label if alone is not None else ""
        title = titles.get(chosen) or ", ".join(part for part in (row["summation"], comment) if part)
        more = {"label": title or _("dose"), "used": chosen is not None and chosen == used, "id": chosen}
        found.append({**_plain(row), **more})
    return found


def _beams(sheet: Sheet, rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    plan = sheet.parts.plan.says if sheet.parts.plan else None
    told = {beam["number"]: beam.get("name") or "" for beam in plan.facts.get("beams", [])} if plan else {}
    return [
        {**row, "name": told.get(row["number"]) or _("Beam %(n)s") % {"n": row["number"]}} for row in rows
    ]


def _findings(sheet: Sheet) -> list[dict[str, Any]]:
    rows = reads.findings_of(sheet.plan_set, sheet.parts).filter(closed_at=None)
    odd = list(rows[:MOST_FINDINGS])
    if sheet.veiled:
        veil_findings(odd)
    numbers = {roi.name: roi.number for roi in sheet.rois}
    about = {row.about for row in odd}
    found = []
    for item in findings.shown(odd, closed=False, link=False).items:
        title = str(item["title"])
        roi = next((n for name, n in numbers.items() if name in about and name in title), None)
        said = [str(item[name]) for name in ("text", "safe", "todo") if item.get(name)]
        words = {"title": title, "words": " ".join(said)}
        found.append({"code": item["code"], "level": item["state"], **words, "roi": roi, "frame": "f0"})
    return found


def _plain(row: dict[str, Any]) -> dict[str, Any]:
    """Without what only this bank's tables know it by."""
    return {name: value for name, value in row.items() if name != "of"}
