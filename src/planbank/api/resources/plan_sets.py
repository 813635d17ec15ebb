"""Plan sets, their ROIs, DVHs and findings."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any

from django.http import HttpRequest
from ninja import Query, Router, Schema

from planbank.api.paging import After, Limit, cut
from planbank.api.problems import Problem
from planbank.api.scope import InInstitution, InProject, InProtocol, note, reader_in
from planbank.catalogue.curves import METRICS, dvh_of
from planbank.catalogue.finding_words import finding_in_words
from planbank.catalogue.models import Dvh, PlanSet
from planbank.catalogue.queries import one_plan_set as reads
from planbank.catalogue.queries.dvhs import calculations_of, rois_of
from planbank.dose import axis
from planbank.dose.metrics import Metric, evaluate, parse
from planbank.protocols.models import Protocol
from planbank.reach import Reader, is_veiled, unveil_labels
from planbank.reach.plan_sets import veil_findings, veil_parts, veil_rois

router = Router(tags=["plan sets"])
_ERRORS = {401: Problem, 403: Problem, 404: Problem, 422: Problem}
MOST_METRICS = 40


class PlanSetOut(Schema):
    """A plan with what belongs to it, or a structure set without a plan."""

    id: int
    patient: int
    pseudonym: str
    trial_id: str
    institution: str
    seen_as: str
    kind: str
    label: str
    plan_date: str
    technique: str
    approval: str
    fractions: int | None
    prescription_gy: float | None
    last_received_at: datetime


class PlanSets(Schema):
    """A page of plan sets."""

    items: list[PlanSetOut]
    next: str | None


class RoiOut(Schema):
    """One ROI, by the name rule where the level asks for it."""

    number: int
    name: str
    type: str
    contours: int
    is_empty: bool


class Rois(Schema):
    """All ROIs of a plan set."""

    items: list[RoiOut]
    next: None = None


class DvhOut(Schema):
    """One DVH: `curve_cc[i]` is the volume in cc that receives at least `curve_gy[i]`."""

    roi_number: int
    roi: str
    dose: str
    dose_type: str
    algorithm: str
    volume_cc: float | None
    outside_cc: float | None
    min_gy: float | None
    mean_gy: float | None
    max_gy: float | None
    metrics: dict[str, float | None]
    flags: list[str]
    curve_gy: list[float] | None = None
    curve_cc: list[float] | None = None


class Dvhs(Schema):
    """All DVHs of a plan set."""

    items: list[DvhOut]
    next: None = None


class FindingOut(Schema):
    """Something odd, in words."""

    code: str
    state: str
    says: str
    safe: str
    todo: str
    opened_at: datetime
    closed_at: datetime | None


class Findings(Schema):
    """All findings on a plan set, newest first."""

    items: list[FindingOut]
    next: None = None


@router.get("/plan-sets", response={200: PlanSets, **_ERRORS})
def plan_sets(
    request: HttpRequest,
    after: After,
    limit: Limit,
    protocol: InProtocol,
    project: InProject,
    institution: InInstitution,
) -> dict[str, object]:
    """Plan sets you may see; in one protocol, project or institution where named."""
    reader = reader_in(request, protocol, project)
    rows = reader.rows(PlanSet)
    rows = rows.select_related("patient_file__institution")
    if institution:
        rows = rows.filter(patient_file__institution__code=institution)
    items, further = cut(rows, reader, after, limit)
    unveil_labels(items)
    note(request, "plan sets", protocol=protocol, rows=len(items))
    return {"items": [_plan_set(row) for row in items], "next": further}


@router.get("/plan-sets/{int:plan_set}", response={200: PlanSetOut, **_ERRORS})
def plan_set(request: HttpRequest, plan_set: int) -> PlanSetOut:
    """One plan set."""
    return _plan_set(_one(request, plan_set))


@router.get("/plan-sets/{int:plan_set}/rois", response={200: Rois, **_ERRORS})
def rois(request: HttpRequest, plan_set: int) -> Rois:
    """The ROIs of its structure sets."""
    found = _rois(_one(request, plan_set))
    return Rois(
        items=[
            RoiOut(number=r.number, name=r.name, type=r.type, contours=r.contour_count, is_empty=r.is_empty)
            for r in found.values()
        ]
    )


@router.get("/plan-sets/{int:plan_set}/dvhs", response={200: Dvhs, **_ERRORS})
def dvhs(
    request: HttpRequest,
    plan_set: int,
    metrics: Annotated[
        str, Query(default=",".join(METRICS), max_length=1000, description="such as D95%,V20Gy,D2cc")
    ],
    curve: bool = False,
) -> Dvhs:
    """The DVH of each ROI in each chosen dose: volume, doses, any metric, the whole curve on request."""
    row = _one(request, plan_set)
    names = [name for part in metrics.split(",") if (name := part.strip())][:MOST_METRICS]
    wanted = {name: parse(name) for name in names}
    known = _rois(row)
    items = []
    for calculation in calculations_of(row):
        stored = Dvh.objects.filter(calculation=calculation, algorithm=calculation.algorithm)
        for dvh in stored.select_related("roi").order_by("roi__number"):
            if dvh.roi_id in known:
                items.append(
                    _dvh(
                        dvh,
                        known[dvh.roi_id].name,
                        calculation.chosen_dose,
                        wanted,
                        curve,
                        row.prescription_gy,
                    )
                )
    return Dvhs(items=items)


@router.get("/plan-sets/{int:plan_set}/findings", response={200: Findings, **_ERRORS})
def findings(request: HttpRequest, plan_set: int) -> Findings:
    """What is or was odd about it."""
    row = _one(request, plan_set)
    found = list(reads.findings_of(row, reads.parts_of(row))[:1000])
    if is_veiled(row):
        veil_findings(found)
    return Findings(items=[_finding(one) for one in found])


def _one(request: HttpRequest, pk: int) -> PlanSet:
    reader: Reader = request.reader  # type: ignore[attr-defined]
    found: PlanSet = reader.one(PlanSet, pk, "patient_file__institution")
    unveil_labels([found])
    note(request, "plan set", protocol=_through(found), object_id=found.pk)
    return found


def _through(row: PlanSet) -> str:
    """The protocol it is seen through; empty for one's own institution's."""
    pk = getattr(row, "seen_through", None)
    return (Protocol.objects.filter(pk=pk).values_list("short_name", flat=True).first() or "") if pk else ""


def _rois(row: PlanSet) -> dict[int, Any]:
    parts = reads.parts_of(row)
    found = rois_of([part.says.pk for part in parts.structure_sets if part.says])
    if is_veiled(row):
        veil_parts(parts)
        veil_rois(found)
    return {roi.pk: roi for roi in found}


def _plan_set(row: Any) -> PlanSetOut:
    return PlanSetOut(
        id=row.pk,
        patient=row.patient_file_id,
        institution=row.patient_file.institution.code,
        seen_as="pseudonymised" if is_veiled(row) else "identified",
        **{
            name: getattr(row, name)
            for name in (
                *("pseudonym", "trial_id", "kind", "label", "plan_date", "technique", "approval"),
                *("fractions", "prescription_gy", "last_received_at"),
            )
        },
    )


def _dvh(
    row: Dvh, name: str, dose: Any, metrics: dict[str, Metric], curve: bool, prescription: float | None
) -> DvhOut:
    dvh = dvh_of(row)
    out = DvhOut(
        roi_number=row.roi.number,
        roi=name,
        dose=dose.summation,
        dose_type=dose.type,
        algorithm=row.algorithm,
        volume_cc=row.volume_cc,
        outside_cc=row.outside_cc,
        min_gy=row.min_gy,
        mean_gy=row.mean_gy,
        max_gy=row.max_gy,
        metrics={key: evaluate(metric, dvh, prescription).value for key, metric in metrics.items()},
        flags=list(row.flags),
    )
    if curve:
        out.curve_cc = [round(float(value), 5) for value in dvh.curve]
        out.curve_gy = [round(float(gy), 4) for gy in axis.doses(len(dvh.curve))]
    return out


def _finding(row: Any) -> FindingOut:
    said = finding_in_words(row.code, row.params, row.about)
    return FindingOut(
        code=row.code,
        state=said.state,
        says=said.title,
        safe=said.safe,
        todo=said.todo,
        opened_at=row.opened_at,
        closed_at=row.closed_at,
    )
