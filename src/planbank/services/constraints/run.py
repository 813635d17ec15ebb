"""The service constraints.

Comes in: a patient file whose DVHs, names, arm or protocols have changed, or the constraints of one of these.
Goes out: a verdict for each plan and constraint in force, with the versions it is true of, and a finding
where a limit is not kept (R137, R151, R203). Safe to run twice; verdicts that stay the same are left alone.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from planbank.catalogue.findings import Wanted, settle
from planbank.catalogue.lanes import lane_of
from planbank.catalogue.models import PatientFile
from planbank.catalogue.receipts_due import receipts_due
from planbank.house import House
from planbank.pipeline.registry import Done, Result, Subject, service
from planbank.protocols.models import Constraint, Membership, Protocol, Verdict

CODES = {
    Verdict.State.NOT_MET: "constraint-not-met",
    Verdict.State.TOLERATED: "constraint-tolerated",
    Verdict.State.CANNOT: "constraint-cannot",
}
_SAID = ("state", "value", "reason", "calculation_id", "algorithm", "edition")


def subjects() -> Iterator[Subject]:
    """Every patient file of which something stands in a protocol that asks something."""
    asking = Constraint.objects.filter(ended_at__isnull=True).order_by().values("protocol")
    rows = Membership.objects.filter(protocol__in=asking, removed_at__isnull=True).order_by()
    for pk in rows.values_list("patient_file", flat=True).distinct().iterator(5000):
        yield pk, lane_of(pk)


@service(subject="patient file", version=2, subjects=subjects, after=["names", "calculate", "derive"])
def constraints(house: House, patient_file_id: int) -> Result:
    """Judges plans by the constraints of their protocols"""
    if not PatientFile.objects.filter(pk=patient_file_id).exists():
        return Done("the patient file is gone")
    # Loaded by the process that judges: no other one waits for the compiled engine.
    from planbank.services.constraints.judge import judged

    now = house.clock.now()
    held = Membership.objects.in_force().filter(patient_file=patient_file_id)  # type: ignore[attr-defined]
    found: list[Verdict] = []
    for protocol in Protocol.objects.filter(pk__in=held.values("protocol")).order_by("pk"):
        found += judged(protocol, patient_file_id, now)
    _keep(patient_file_id, found)
    settle(patient_file_id, "constraints", _findings(found), now)
    receipts_due(patient_file_id, now)
    return Done(_said(found, now))


def _keep(patient_file_id: int, found: list[Verdict]) -> None:
    """Make the stored verdicts exactly these."""
    standing = {
        (row.constraint_id, row.plan_set_id): row
        for row in Verdict.objects.filter(plan_set__patient_file=patient_file_id)
    }
    new, changed = [], []
    for one in found:
        row = standing.pop((one.constraint_id, one.plan_set_id), None)
        if row is None:
            new.append(one)
        elif any(getattr(row, name) != getattr(one, name) for name in _SAID):
            one.pk = row.pk
            changed.append(one)
    Verdict.objects.filter(pk__in=[row.pk for row in standing.values()]).delete()
    Verdict.objects.bulk_update(changed, [*_SAID[:3], "calculation", *_SAID[4:], "judged_at"])
    Verdict.objects.bulk_create(new)


def _findings(found: list[Verdict]) -> Iterator[Wanted]:
    """What is not kept, varies, or cannot be told; about the constraint as its protocol writes it."""
    for one in found:
        if (code := CODES.get(Verdict.State(one.state))) is not None:
            asked = one.constraint
            about = f"{asked.protocol.short_name}: {asked.text}"
            said = {"value": f"{one.value:.2f}", "unit": asked.unit} if one.value is not None else {}
            yield Wanted("plan set", one.plan_set_id, code, about[:200], {**said, "reason": one.reason})


def _said(found: list[Verdict], now: datetime) -> str:
    bad = sum(one.state == Verdict.State.NOT_MET for one in found)
    return f"{len(found)} judged, {bad} not kept" if found else ""
