"""Everything that the page of a plan set shows, put together.

Comes in: a plan set that the policy has let through, and what the address asks for. Goes out: the
context of plan/page.html; the parts of it that the curves and the CSV need too.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import Any

from planbank.catalogue.models import Calculation, Finding, PlanSet, Roi
from planbank.catalogue.queries import one_plan_set as reads
from planbank.catalogue.queries.dvhs import calculations_of, dvhs_of, rois_of, tps_dvhs_of
from planbank.catalogue.queries.one_plan_set import Parts, Work
from planbank.reach.plan_sets import veil_findings, veil_parts, veil_rois
from planbank.web.pages.plan import doses, findings, rows, timeline, tps
from planbank.web.pages.plan.boxes import Seen
from planbank.web.pages.plan.graph import graph_of
from planbank.web.pages.plan.objects import objects_of
from planbank.web.pages.plan.prescription import prescription_of
from planbank.web.reach import is_veiled

MOST_FINDINGS = 2000
MOST_IN_SEGMENT = 4


@dataclass(frozen=True)
class Asked:
    """What the address asks for; whatever does not fit counts as not asked."""

    dose: str = ""
    show: str = ""
    view: str = ""
    roi: str = ""
    sort: str = ""
    closed: bool = False

    @classmethod
    def of(cls, query: Any) -> Asked:
        """From the query of a request."""
        named = {name: str(query.get(name, ""))[:32] for name in ("dose", "show", "view", "roi", "sort")}
        return cls(**named, closed=query.get("findings") == "closed")


@dataclass
class Sheet:
    """One plan set, read as far as it is needed."""

    plan_set: PlanSet
    asked: Asked

    @property
    def veiled(self) -> bool:
        """Whether its reader may not know whose it is."""
        return is_veiled(self.plan_set)

    @cached_property
    def parts(self) -> Parts:
        parts = reads.parts_of(self.plan_set)
        if self.veiled:
            veil_parts(parts)
        return parts

    @cached_property
    def options(self) -> list[doses.Option]:
        return doses.options_of(calculations_of(self.plan_set), self.parts, self.asked.dose)

    @cached_property
    def calculation(self) -> Calculation | None:
        return next((option.calculation for option in self.options if option.chosen), None)

    @property
    def ready(self) -> bool:
        """Whether the chosen calculation has its DVHs."""
        return self.calculation is not None and self.calculation.calculated_at is not None

    @cached_property
    def rois(self) -> list[Roi]:
        """Of every structure set of the plan set."""
        rois = rois_of([part.says.pk for part in self.parts.structure_sets if part.says])
        if self.veiled:
            veil_rois(rois)
        return rois

    @cached_property
    def table(self) -> rows.RoiTable:
        calculation = self.calculation
        wanted = self.rois
        if calculation is not None:
            wanted = [roi for roi in wanted if roi.structure_set_id == calculation.structure_set_id]
        stored = dvhs_of(calculation) if calculation is not None and self.ready else {}
        every = self.asked.show == "all"
        return rows.table_of(wanted, stored, every=every, sort=self.asked.sort, waits=not self.ready)

    @cached_property
    def tps(self) -> tps.TpsTable | None:
        """The planning system's own DVHs beside ours, of the ROIs that are shown."""
        if self.calculation is None or not self.ready:
            return None
        return tps.table_of(self.table.shown, tps_dvhs_of(self.calculation))

    @property
    def chosen_dose_versions(self) -> set[int]:
        calculation = self.calculation
        return {v.pk for v in calculation.chosen_dose.versions.all()} if calculation else set()


def context_of(sheet: Sheet, now: datetime) -> dict[str, Any]:
    """What plan/page.html shows."""
    plan_set, parts = sheet.plan_set, sheet.parts
    odd = list(reads.findings_of(plan_set, parts)[:MOST_FINDINGS])
    if sheet.veiled:
        veil_findings(odd)
    shown = findings.shown(odd, closed=sheet.asked.closed, link=not sheet.veiled)
    findings.with_places(shown.items, plan_set.pk)
    calculations = [option.calculation for option in sheet.options]
    calculated = reads.calculated(calculations) if calculations else Work()
    counts = Counter(roi.structure_set_id for roi in sheet.rois)
    waits = doses.waits_for(parts, shown.codes, calculated)
    story = timeline.Story(
        plan_set,
        parts,
        reads.arrived(parts),
        reads.analysed(parts),
        reads.linked(plan_set),
        calculated,
        calculations,
        findings.link_findings([row for row in odd if row.closed_at is None]),
        waits[0],
        now,
    )
    ambiguous = "images-ambiguous" in shown.codes
    seen = Seen(_missing_images(odd), ambiguous, sheet.chosen_dose_versions, dict(counts))
    plan = parts.plan.says if parts.plan else None
    return {
        "plan_set": plan_set,
        "veiled": sheet.veiled,
        "file": plan_set.patient_file,
        "steps": timeline.steps_of(story),
        "findings": shown,
        "graph": graph_of(plan_set, parts, seen),
        "objects": objects_of(parts, counts, link=not sheet.veiled),
        "prescription": prescription_of(plan, sheet.rois) if plan else None,
        "plan": plan,
        "waits": waits,
        **dvh_context(sheet),
    }


def dvh_context(sheet: Sheet) -> dict[str, Any]:
    """The card of dose and structures."""
    calculation, table = sheet.calculation, sheet.table
    context: dict[str, Any] = {
        "table": table,
        "options": sheet.options,
        "as_segment": len(sheet.options) <= MOST_IN_SEGMENT,
        "calculation": calculation,
        "ready": sheet.ready,
        "show": sheet.asked.show,
        "sort": sheet.asked.sort,
        "view": sheet.asked.view,
        "chosen_roi": sheet.asked.roi,
    }
    if calculation is not None and sheet.ready:
        context["tps"] = sheet.tps
        context["unit"] = doses.unit_of(calculation)
        context["dose_name"] = next(option.title for option in sheet.options if option.chosen)
        context["dose_type"] = doses.type_of(calculation)
        context["bounded"] = any("outside" in v.reason for row in table.shown for v in row.metrics.values())
        if sheet.asked.view == "table":
            context["twin_heads"], context["twin_rows"] = rows.twin_of(table)
    return context


def _missing_images(odd: list[Finding]) -> dict[str, Any]:
    """The numbers of the open finding that images are missing."""
    return next((row.params for row in odd if row.code == "images-missing" and row.closed_at is None), {})
