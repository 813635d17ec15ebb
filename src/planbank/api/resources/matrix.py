"""Which plan has which structure, and which names stand for nothing yet (R62, R154).

Comes in: the name of a protocol or project. Goes out: what the pages Matrix and Unmapped names show, as rows.
"""

from __future__ import annotations

from django.http import HttpRequest
from ninja import Router, Schema

from planbank.api.paging import After, Limit, cut
from planbank.api.problems import Problem
from planbank.api.resources.names import desk_in
from planbank.api.scope import InInstitution, InProject, InProtocol, note
from planbank.catalogue.models import PlanSet
from planbank.naming.matrix import MatrixRow
from planbank.naming.queries.desk import Desk
from planbank.people.models import Institution
from planbank.reach import unveil_labels

router = Router(tags=["names and numbers"])
_ANSWERS = {401: Problem, 403: Problem, 404: Problem, 422: Problem}


class MatrixRowOut(Schema):
    """One plan set. `found`: type -> how many ROIs stand for it; of a derived one whether it can be made."""

    plan_set: int
    patient: str
    trial_id: str
    plan: str
    institution: str
    found: dict[str, int]
    conflicts: int


class MatrixOut(Schema):
    """A page of plan sets, by number."""

    items: list[MatrixRowOut]
    next: str | None
    edition: int


class Meaning(Schema):
    """A structure type that a name may mean; `score` to 1; `why`: learned, vocabulary, meaning, letters."""

    type: str
    score: float
    why: str


class UnmappedOut(Schema):
    """A name that stands for nothing yet, how many ROIs bear it where, what it most likely means."""

    name: str
    rois: int
    institutions: dict[str, int]
    means: list[Meaning]


class UnmappedNames(Schema):
    """All of them, most frequent first. `hidden`: ROIs whose names you may not read."""

    items: list[UnmappedOut]
    next: str | None
    hidden: int


@router.get("/matrix", response={200: MatrixOut, **_ANSWERS})
def matrix(
    request: HttpRequest,
    after: After,
    limit: Limit,
    protocol: InProtocol,
    project: InProject,
    institution: InInstitution,
) -> dict[str, object]:
    """Plan sets by structure types: how many ROIs stand for each."""
    desk = desk_in(request, protocol, project, action="data.list", needs="data.list")
    every = desk.plan_sets
    if institution:
        every = every.filter(patient_file__institution__code=institution)
    page, further = cut(every.select_related("patient_file__institution"), desk.reader, after, limit)
    unveil_labels(page)
    desk.plan_sets = every.filter(pk__in=[row.pk for row in page])
    rows = {one.row.plan_set: one for one in desk.matrix.rows}
    items = [_row(desk, row, rows[row.pk]) for row in page if row.pk in rows]
    note(request, "matrix", **desk.owner.named, rows=len(items))
    return {"items": items, "next": further, "edition": desk.dictionary.edition}


@router.get("/unmapped", response={200: UnmappedNames, **_ANSWERS})
def unmapped(request: HttpRequest, protocol: InProtocol, project: InProject) -> dict[str, object]:
    """Names that stand for nothing yet, for whom changes the dictionary."""
    desk = desk_in(request, protocol, project, action="data.list", needs="dictionary.edit")
    every = desk.unmapped()
    shown = desk.shown({one.name for one in every})
    codes = dict(Institution.objects.values_list("pk", "code"))
    names = {row.pk: row.name for row in desk.columns}
    items = [
        UnmappedOut(
            name=one.name,
            rois=one.rois,
            institutions={codes[pk]: count for pk, count in one.institutions.items()},
            means=[
                Meaning(type=names[its.type], score=round(its.score, 3), why=its.why.name.lower())
                for its in desk.suggest(one.name)[:5]
            ],
        )
        for one in every
        if one.name in shown
    ]
    hidden = sum(one.rois for one in every if one.name not in shown)
    note(request, "unmapped", **desk.owner.named, rows=len(items))
    return {"items": items, "next": None, "hidden": hidden}


def _row(desk: Desk, plan_set: PlanSet, one: MatrixRow) -> MatrixRowOut:
    file = plan_set.patient_file
    is_plan = plan_set.kind == "plan"
    return MatrixRowOut(
        plan_set=one.row.plan_set,
        patient=file.sent_id,
        trial_id=getattr(plan_set, "trial_id", "") or "",
        plan=plan_set.label if is_plan else "-",
        institution=file.institution.code,
        found={type_.name: one.count(type_.pk) for type_ in desk.types},
        conflicts=len(one.reading.conflicts),
    )
