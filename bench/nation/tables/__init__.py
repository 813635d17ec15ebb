"""The fillers, in their order: each `fill(sketch)` fills the tables of one subject.

A filler may use what those before it left in the schema `nation`:

    nation.course     id, file, institution, at, site; how many slices, mr, structure_sets, plans, records
    nation.series     id, course, file, modality, uid, frame, count, at, association, first (object's id)
    nation.object     id, series, course, file, institution, modality, number, uid, frame, size, at
    nation.plan_set   id, file, course, uid, at, kind
    nation.pair       structure_set, dose, plan_set: what has DVHs
    nation.joined     course, file, institution, protocol, patient, at: who is in which protocol
    nation.person     id, institution: whose data a user sees

`id` of an object is that of its instance and of its version; `id` of a course is that of its study.
"""

from __future__ import annotations

from types import ModuleType

from bench.nation.tables import (
    arrivals,
    dictionary,
    dvhs,
    events,
    findings,
    grants,
    objects,
    patients,
    people,
    plan_sets,
    protocols,
    rt_objects,
    stacks,
    studies,
    work,
)

FILLERS: tuple[ModuleType, ...] = (
    people,
    patients,
    studies,
    objects,
    arrivals,
    stacks,
    rt_objects,
    plan_sets,
    protocols,
    dictionary,
    grants,
    dvhs,
    findings,
    work,
    events,
)
