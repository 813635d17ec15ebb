"""Collecting what comes back, from what register is about to file (R108).

Comes in: objects that arrived. Goes out: those that are of no copy, to be filed as ever; the others are
returns now, and become no patient, plan set, member or number of any kind: register forgets them.
"""

from __future__ import annotations

from collections.abc import Sequence

from planbank.audits.filing import file_away, tell
from planbank.audits.models import Copy, Return
from planbank.audits.words import ASK
from planbank.catalogue.models import InstanceVersion
from planbank.house import House
from planbank.protocols.act import Act
from planbank.services.collect.came import RT, Came
from planbank.services.collect.judge import judge
from planbank.services.collect.recognise import Leads, Said, leads


def collect(house: House, came: Sequence[Came]) -> set[str]:
    """File what is of a copy; returns the parcels of those. Call in register's transaction."""
    if not Copy.objects.exclude(made_at=None).exists():
        return set()
    # Loaded by who registers, once a study is open: no other process waits for it.
    from planbank.services.collect.reading import said_by

    said = [said_by(house, one) for one in came]
    taken: set[str] = set()
    for one, its, found in zip(came, said, leads(said), strict=True):
        if found.all:
            _keep(house, one, its, found)
            taken.add(one.parcel_id)
    return taken


def _keep(house: House, came: Came, said: Said, found: Leads) -> None:
    if Return.objects.filter(parcel_id=came.parcel_id).exists():
        return
    from planbank.services.collect.reading import drawn_in

    label, drawn, unreadable = drawn_in(house, came)
    it = judge(said, found, label, drawn, came.institution, is_rt=came.kind in RT)
    if unreadable:
        it.problems.append({"code": "unreadable"})
    asks = it.copy is None or any(one["code"] in ASK for one in it.problems)
    row = Return(
        study=it.study,
        copy=it.copy,
        observer=it.observer,
        version=_version(came),
        kind=came.kind,
        label=label[:64],
        parcel_id=came.parcel_id,
        institution=came.institution,
        sender=came.sender,
        received_at=came.received_at,
        recognised_by=it.by,
        state=Return.State.TO_DECIDE,
        problems=it.problems,
    )
    act = Act.of_service("collect", house.clock.now())
    if asks:
        row.save()
        act.journal(
            "audit return waits",
            object_kind="audit study",
            object_id=it.study.pk,
            protocol=it.study.protocol.short_name,
            why=", ".join(sorted({one["code"] for one in it.problems})),
        )
    else:
        file_away(act, row)
    if came.kind in RT:
        tell(row, act.at)


def _version(came: Came) -> InstanceVersion:
    who = came.identity
    return InstanceVersion.objects.get_or_create(
        sop_instance_uid=who.sop_instance_uid,
        content_hash=came.content_hash,
        defaults={
            "sop_class_uid": who.sop_class_uid,
            "transfer_syntax_uid": came.transfer_syntax_uid,
            "size": came.size,
            "modality": who.modality[:16],
            "instance_number": who.instance_number[:16],
            "first_received_at": came.received_at,
        },
    )[0]
