"""Plan sets out of references: the rules of model.md (Plan set, Link order), pure.

Comes in: what one institution holds of one patient. Goes out: plan sets with members, by what
each was linked, and findings. The result depends on what is held, not on how or when it came (R185).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable

from planbank.services.link.images import link_images
from planbank.services.link.nodes import Found, Held, Link, RtObject, Woven

SOP, FRAME, ITSELF = "SOP Instance UID", "frame of reference", "itself"


def weave(held: Held) -> tuple[list[Woven], set[Found]]:
    """Plan sets, and findings about objects that belong to none.

    1. each plan is a plan set; it takes the structure set it names, else the only one on its frame;
    2. each structure set that no plan took is a plan set;
    3. doses join the plans they name, else by structure set, else by frame where unambiguous;
    4. records join their plans, registrations whatever lies on their frames.
    """
    loose: set[Found] = set()
    structure_sets = {s.uid: s for s in held.structure_sets}
    sets: dict[str, Woven] = {}
    taken: dict[str, set[str]] = defaultdict(set)  # structure set -> plans
    for plan in sorted(held.plans, key=lambda p: p.uid):
        woven = sets[plan.uid] = Woven("plan", plan.uid)
        woven.links.add(Link("plan", ITSELF, plan.instance))
        for structure_set, means in _structure_sets_of(plan, held.structure_sets, structure_sets, woven):
            woven.links.add(Link("structure set", means, structure_set.instance))
            link_images(structure_set, held.series, woven)
            taken[structure_set.uid].add(plan.uid)
    for structure_set in sorted(held.structure_sets, key=lambda s: s.uid):
        if structure_set.uid not in taken:
            woven = sets[structure_set.uid] = Woven("structure set", structure_set.uid)
            woven.links.add(Link("structure set", ITSELF, structure_set.instance))
            link_images(structure_set, held.series, woven)
    _doses(held, sets, taken, loose)
    _records(held, sets, loose)
    _registrations(held, sets)
    for woven in sets.values():
        if woven.kind == "plan" and not woven.has("dose"):
            woven.found.add(Found("no-dose-received"))
    return [sets[uid] for uid in sorted(sets)], loose


def _structure_sets_of(
    plan: RtObject, held: Iterable[RtObject], by_uid: dict[str, RtObject], woven: Woven
) -> list[tuple[RtObject, str]]:
    named = [by_uid[uid] for uid in plan.structure_set_uids if uid in by_uid]
    if named:
        return [(one, SOP) for one in named]
    on_frame = [s for s in held if plan.frame and s.frame == plan.frame]
    if len(on_frame) == 1:
        code = "structure-set-by-frame-other-named" if plan.structure_set_uids else "structure-set-by-frame"
        woven.found.add(Found(code))
        return [(on_frame[0], FRAME)]
    if len(on_frame) > 1:
        woven.found.add(Found("structure-set-ambiguous", params=(("count", len(on_frame)),)))
    elif plan.structure_set_uids:
        woven.found.add(Found("structure-set-not-received"))
    return []


def _doses(held: Held, sets: dict[str, Woven], taken: dict[str, set[str]], loose: set[Found]) -> None:
    frames = {p.uid: p.frame for p in held.plans}
    named_by_plan = {uid: p.uid for p in held.plans for uid in p.dose_uids}
    by_uid = {s.uid: s for s in held.structure_sets}
    for dose in sorted(held.doses, key=lambda d: d.uid):
        plans = {uid for uid in dose.plan_uids if uid in frames}
        if dose.uid in named_by_plan:
            plans.add(named_by_plan[dose.uid])
        absent = sum(1 for uid in dose.plan_uids if uid not in frames)
        for uid in plans:
            sets[uid].links.add(Link("dose", SOP, dose.instance))
            if absent:
                found = Found("dose-of-plans-not-all-received", dose.instance, params=(("count", absent),))
                sets[uid].found.add(found)
        if plans:
            continue
        if absent:
            _dose_without_plan(dose, held, sets, loose)
        else:
            _dose_that_names_no_plan(dose, by_uid, taken, frames, sets, loose)


def _dose_without_plan(dose: RtObject, held: Held, sets: dict[str, Woven], loose: set[Found]) -> None:
    """Its plan is not here: shown with the only structure set on its frame, if no plan lies there."""
    plans_here = any(p.frame == dose.frame for p in held.plans)
    on_frame = [s.uid for s in held.structure_sets if dose.frame and s.frame == dose.frame]
    if len(on_frame) == 1 and not plans_here and on_frame[0] in sets:
        woven = sets[on_frame[0]]
        woven.links.add(Link("dose", FRAME, dose.instance))
        woven.found.add(Found("plan-not-received", dose.instance))
    else:
        loose.add(Found("plan-not-received", dose.instance))


def _dose_that_names_no_plan(
    dose: RtObject,
    by_uid: dict[str, RtObject],
    taken: dict[str, set[str]],
    frames: dict[str, str],
    sets: dict[str, Woven],
    loose: set[Found],
) -> None:
    for uid in dose.structure_set_uids:
        owners = taken.get(uid) or ({uid} if uid in by_uid else set())
        if len(owners) == 1:
            sets[next(iter(owners))].links.add(Link("dose", SOP, dose.instance))
            return
    on_frame = [uid for uid, frame in frames.items() if dose.frame and frame == dose.frame]
    if not on_frame:
        on_frame = [s.uid for s in by_uid.values() if dose.frame and s.frame == dose.frame and s.uid in sets]
    if len(on_frame) == 1:
        sets[on_frame[0]].links.add(Link("dose", FRAME, dose.instance))
        sets[on_frame[0]].found.add(Found("dose-by-frame", dose.instance))
    else:
        loose.add(Found("dose-belongs-nowhere", dose.instance))


def _records(held: Held, sets: dict[str, Woven], loose: set[Found]) -> None:
    plans = {p.uid for p in held.plans}
    for record in held.records:
        here = [uid for uid in record.plan_uids if uid in plans]
        for uid in here:
            sets[uid].links.add(Link("record", SOP, record.instance))
        if not here:
            loose.add(Found("plan-not-received", record.instance))


def _registrations(held: Held, sets: dict[str, Woven]) -> None:
    frame_of = {s.series: s.frame for s in held.series}
    for registration in held.registrations:
        for woven in sets.values():
            frames = {frame_of[link.series] for link in woven.links if link.series is not None} - {""}
            if frames & set(registration.frames):
                woven.links.add(Link("registration", FRAME, registration.instance))
