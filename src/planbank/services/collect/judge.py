"""Whose a return is, and whether a person has to say so (R108, R109).

Comes in: what led from an object to copies, and what it says. Goes out: the copy and observer it seems to be
of, by what it was recognised, and problems. Where references, frame of reference and patient ID disagree, or
the sender is not the copy's centre, nothing is decided here.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from planbank.audits.models import AuditStudy, Copy, Observer, Return
from planbank.people.models import Institution
from planbank.services.collect.look import Problem, fit, look
from planbank.services.collect.recognise import Leads, Said

if TYPE_CHECKING:
    from planbank.dicom.structure_set import StructureSetSummary

By = Return.By


@dataclass
class Judged:
    """Whose it seems to be. `copy` is empty where its leads go to several by the same means."""

    study: AuditStudy
    copy: Copy | None
    by: str
    observer: Observer | None = None
    problems: list[Problem] = field(default_factory=list)


def judge(
    said: Said,
    found: Leads,
    label: str,
    drawn: StructureSetSummary | None,
    sent_by: Institution | None,
    *,
    is_rt: bool,
) -> Judged:
    """Judge one object that leads to a copy."""
    rows = Copy.objects.select_related("study__protocol", "case", "observer", "centre")
    copies = {one.pk: one for one in rows.filter(pk__in=found.all)}
    means = ((By.REFERENCE, found.by_reference), (By.FRAME, found.by_frame), (By.PATIENT_ID, found.by_id))
    by, first = next((by, ids) for by, ids in means if ids)
    copy = copies[min(first)]
    it = Judged(copy.study, copy if len(first) == 1 else None, by.value, copy.observer)
    if len(found.all) > 1:
        other = copies[min(found.all - {copy.pk})]
        it.problems.append({"code": "disagree", "by": told(copy), "other": told(other)})
    if not is_rt:
        return it
    it.problems += _of_sender(copy, sent_by)
    it.problems += _of_label(it, copy, label, drawn)
    it.problems += _of_geometry(copy, said, found, drawn)
    if copy.study.state == AuditStudy.State.CLOSED:
        it.problems.append({"code": "closed"})
    if copy.state == Copy.State.WITHDRAWN:
        it.problems.append({"code": "withdrawn"})
    if drawn is not None:
        it.problems += look(copy, drawn)
    return it


def told(copy: Copy) -> str:
    """How people call a copy: OUH-1, case B."""
    whose = copy.observer.code if copy.observer else copy.centre.code
    return f"{whose}, {copy.case.name}"


def _of_sender(copy: Copy, sent_by: Institution | None) -> list[Problem]:
    if sent_by is None or sent_by.pk == copy.centre_id:
        return []
    return [{"code": "wrong-copy", "by": told(copy), "other": sent_by.code}]


def _of_label(it: Judged, copy: Copy, label: str, drawn: StructureSetSummary | None) -> list[Problem]:
    """Observers named in the label, or in names of what was drawn, one file for all of a centre."""
    observers = list(copy.study.observers.all())
    named = _named(observers, [label])
    if copy.observer is not None:
        others = [one for one in named if one.pk != copy.observer_id]
        if others and copy.observer not in named:
            return [{"code": "wrong-copy", "by": told(copy), "other": others[0].code}]
        return []
    here = [one for one in observers if one.centre_id == copy.centre_id and one.is_active]
    found = [one for one in named if one in here]
    if not found and drawn is not None:
        found = _named(here, [roi.name for roi in drawn.rois])
    if not found and len(here) == 1:
        found = here
    it.observer = found[0] if len(found) == 1 else None
    if len(found) > 1:
        return [{"code": "several-observers", "names": ", ".join(one.code for one in found)}]
    return [] if found else [{"code": "no-observer"}]


def _named(observers: Iterable[Observer], texts: Iterable[str]) -> list[Observer]:
    """Those whose code stands in a text as a word of its own."""
    held = list(texts)
    return [
        one
        for one in observers
        if any(re.search(rf"(?<![\w-]){re.escape(one.code)}(?![\w-])", text, re.IGNORECASE) for text in held)
    ]


def _of_geometry(copy: Copy, said: Said, found: Leads, drawn: StructureSetSummary | None) -> list[Problem]:
    """Whether it lies where the copy lies."""
    where: dict[str, Any] = fit(copy, drawn) if drawn is not None else {}
    if drawn is not None and said.referred and not found.by_reference:
        return [{"code": "other-images", **where}]
    if drawn is not None and said.frames and not found.by_frame:
        return [{"code": "frame-changed", **where}]
    if not found.by_reference and not found.by_frame:
        return [{"code": "only-id"}]
    return []
