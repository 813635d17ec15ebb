"""The service trigger.

Comes in: a patient file that was linked anew. Goes out: firings, what their actions did, and
findings for what nearly fired. The subject of the service is the patient file and not the plan set:
which plan sets there are is link's answer for the whole file, and findings are settled with it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime

from django.db.models import Q

from planbank.catalogue.findings import Wanted, settle
from planbank.catalogue.lanes import lane_of
from planbank.catalogue.models import PatientFile
from planbank.catalogue.receipts_due import receipts_due
from planbank.dicom.conditions import from_json
from planbank.dicom.names.standard import folded
from planbank.house import House
from planbank.messages.models import Event, EventKind
from planbank.pipeline.registry import Done, Result, Subject, service
from planbank.protocols.act import Act
from planbank.protocols.models import Firing, Participation, Trigger
from planbank.services.trigger.actions import made_of
from planbank.services.trigger.matching import Match, Rule, match
from planbank.services.trigger.subjects import Seen, seen_in

NO_CENTRE = "not a participating centre"


def subjects() -> Iterator[Subject]:
    """Every patient file."""
    for pk in PatientFile.objects.values_list("pk", flat=True).iterator(5000):
        yield pk, lane_of(pk)


@dataclass
class _Round:
    """One patient file with the triggers that look at it."""

    act: Act
    file: PatientFile
    triggers: dict[int, Trigger]
    taking_part: frozenset[int]
    fired: dict[tuple[int, str], Firing]
    found: list[Wanted] = field(default_factory=list)
    done: int = 0


@service(subject="patient file", version=1, subjects=subjects, after=["link"])
def trigger(house: House, patient_file_id: int) -> Result:
    """Looks whether the data ask to be filed in a protocol"""
    # One at a time for a patient: a worker that was given up for dead may still be at it (I4).
    files = PatientFile.objects.select_for_update(no_key=True, of=("self",)).select_related("institution")
    file = files.filter(pk=patient_file_id).first()
    if file is None:
        return Done("the patient file is gone")
    now = house.clock.now()
    triggers = {row.pk: row for row in in_force(now)}
    rules = [rule_of(row) for row in triggers.values()]
    centres = Participation.objects.in_force(now).filter(institution=file.institution_id)
    taking_part = frozenset(centres.values_list("protocol", flat=True))
    firings = Firing.objects.filter(patient_file=file).select_related("trigger")
    fired = {(row.trigger_id, row.subject_uid): row for row in firings}
    act = Act.of_service("trigger", now)
    this = _Round(act, file, triggers, taking_part, fired)
    for seen in seen_in(patient_file_id):
        values = list(seen.values(house.store)) if any(rule.condition for rule in rules) else []
        _settle_one(this, seen, match(rules, seen.rois(house.store, names_of(rules)), values))
    settle(patient_file_id, "trigger", this.found, now)
    receipts_due(patient_file_id, now)
    return Done(f"{this.done} fired" if this.done else "")


def in_force(at: datetime) -> Iterable[Trigger]:
    """Triggers that look now, of protocols that are open; those of highest priority first."""
    begun, going = Q(since__isnull=True) | Q(since__lte=at), Q(until__isnull=True) | Q(until__gt=at)
    rows = Trigger.objects.filter(begun, going, is_active=True, protocol__status="active")
    return rows.select_related("protocol").order_by("is_fallback", "-priority", "pk")


def rule_of(row: Trigger) -> Rule:
    """A trigger as it matches."""
    if row.kind == Trigger.Kind.TAGS:
        return Rule(row.pk, condition=from_json(row.condition))
    return Rule(row.pk, roi_name=row.roi_name)


def names_of(rules: Iterable[Rule]) -> frozenset[str]:
    """The ROI names that rules ask for, folded."""
    return frozenset(folded(rule.roi_name) for rule in rules if rule.roi_name)


def _settle_one(this: _Round, seen: Seen, matches: list[Match]) -> None:
    taken: set[int] = set()
    for one in matches:
        row = this.triggers[one.rule]
        here = row.protocol_id in this.taking_part
        if one.what == "fires":
            if row.is_fallback and row.protocol_id in taken:
                continue
            taken.add(row.protocol_id)
            _fire(this, row, seen, one.about, here)
        elif here:
            code = "trigger-roi-has-contours" if one.what == "has contours" else "trigger-near-miss"
            _tell(this, row, seen, code, one.about)


def _fire(this: _Round, row: Trigger, seen: Seen, about: str, here: bool) -> None:
    """Run the actions once; what was refused is tried again when the data are looked at again."""
    before = this.fired.get((row.pk, seen.uid))
    if before is not None and before.outcome == Firing.Outcome.DONE:
        return
    refused = "" if here else NO_CENTRE
    if here:
        told = [made_of(one).run(this.act, row, this.file, seen) for one in row.actions]
        refused = next((one.refused for one in told if one.refused), "")
    if refused:
        code = "trigger-refused" if here else "trigger-no-centre"
        _tell(this, row, seen, code, about, reason=refused)
    outcome = Firing.Outcome.REFUSED if refused else Firing.Outcome.DONE
    if before is not None and (before.outcome, before.reason) == (outcome, refused[:200]):
        return
    values = {"version": row.version, "institution": this.file.institution, "outcome": outcome}
    now = this.act.at
    Firing.objects.update_or_create(
        trigger=row,
        patient_file=this.file,
        subject_uid=seen.uid,
        defaults={**values, "reason": refused[:200], "at": now},
        create_defaults={**values, "reason": refused[:200], "at": now, "first_at": now},
    )
    this.done += not refused
    if refused:
        _tell_key_users(this, row, "no-centre" if not here else refused)
    this.act.journal(
        "trigger fired",
        object_kind="patient file",
        object_id=this.file.pk,
        institution=this.file.institution.code,
        protocol=row.protocol.short_name,
        outcome="refused" if refused else "done",
        trigger=row.pk,
        version=row.version,
    )


def _tell_key_users(this: _Round, row: Trigger, reason: str) -> None:
    """Once for each new reason: whoever runs the protocol can mend most of them (R89)."""
    params = {
        "protocol": row.protocol.short_name,
        "protocol_id": row.protocol_id,
        "trigger": row.name,
        "reason": reason,
    }
    Event.objects.create(
        at=this.act.at,
        kind=EventKind.TRIGGER_FAILED,
        institution=this.file.institution,
        scope_kind="protocol",
        scope_id=row.protocol_id,
        params=params,
    )


def _tell(this: _Round, row: Trigger, seen: Seen, code: str, about: str, reason: str = "") -> None:
    params = {"protocol": row.protocol.short_name, "name": row.roi_name or row.name, "reason": reason}
    if seen.plan_set is not None:
        this.found.append(Wanted("plan set", seen.plan_set.pk, code, about, params))
    elif seen.series is not None:
        this.found.append(Wanted("series", seen.series.pk, code, about, params))
