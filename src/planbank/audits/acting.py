"""What an organiser does with an audit study (R103, R105 to R107, R110).

Comes in: an act, a study, what is wanted. Goes out: rows, journalled; copies due to be made. Raises
ProtocolError with the reason where it may not be, ChangedMeanwhile where somebody was first.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date

from django.db import transaction
from django.db.models import Max
from django.utils.translation import gettext as _

from planbank.audits.models import AuditStudy, Case, Copy, Link, Observer
from planbank.catalogue.models import PatientFile, PlanSet
from planbank.delivery.models import Destination
from planbank.delivery.rules import why_not, why_not_patient
from planbank.delivery.words import words
from planbank.errors import ProtocolError
from planbank.people.models import Institution
from planbank.pipeline.due import BACKGROUND, make_due
from planbank.protocols.act import Act
from planbank.protocols.models import Protocol, StructureType

State, C = AuditStudy.State, Copy.State
LANE = "audits"
MOST = 2000  # copies of a study: more is a mistake, and their numbers have four digits


@dataclass(frozen=True)
class Wanted:
    """What a study is to be."""

    name: str
    purpose: str
    organiser: str
    closes_on: date | None = None
    reminds: bool = True
    per_centre: bool = False
    with_plan: bool = False
    with_dose: bool = False
    given: Sequence[StructureType] = field(default=())
    asked: Sequence[StructureType] = field(default=())


@transaction.atomic
def begin(act: Act, protocol: Protocol, wanted: Wanted) -> AuditStudy:
    """Make a draft: nothing is copied or sent until it is opened."""
    if AuditStudy.objects.filter(protocol=protocol, name=wanted.name).exists():
        raise ProtocolError(_("There is an audit study of that name in this protocol."))
    study = AuditStudy(protocol=protocol, made_at=act.at, made_by=act.user)
    for name, value in _values(wanted).items():
        setattr(study, name, value)
    study.save()
    study.given_types.set(wanted.given)
    study.asked_types.set(wanted.asked)
    journal(act, "make audit study", study)
    return study


@transaction.atomic
def change(act: Act, study: AuditStudy, seen: int, wanted: Wanted) -> None:
    """Change a study. Once it is open, what goes out stays as it is: all observers get the same."""
    others = AuditStudy.objects.filter(protocol=study.protocol_id, name=wanted.name).exclude(pk=study.pk)
    if others.exists():
        raise ProtocolError(_("There is an audit study of that name in this protocol."))
    values = _values(wanted)
    if study.state != State.DRAFT:
        for name in ("per_centre", "with_plan", "with_dose"):
            values.pop(name)
    study.change(seen, **values)
    if study.state == State.DRAFT:
        study.given_types.set(wanted.given)
    study.asked_types.set(wanted.asked)
    journal(act, "change audit study", study)


@transaction.atomic
def add_cases(act: Act, study: AuditStudy, plan_sets: Sequence[PlanSet]) -> int:
    """Take plan sets as cases, named A, B, ...; returns how many are new. The caller asks who may see."""
    _not_closed(study)
    taken = {(c.patient_file_id, c.plan_set_uid) for c in study.cases.all()}
    count = len(taken)
    fresh = [one for one in plan_sets if (one.patient_file_id, one.sop_instance_uid) not in taken]
    for one in fresh:
        if said := why_not_patient(study.protocol, PatientFile.objects.get(pk=one.patient_file_id)):
            raise ProtocolError(words(said))
        Case.objects.create(
            study=study,
            name=letters(count),
            patient_file_id=one.patient_file_id,
            plan_set_uid=one.sop_instance_uid,
        )
        count += 1
    if fresh:
        journal(act, "add audit cases", study, cases=len(fresh))
        _fill(act, study)
    return len(fresh)


@transaction.atomic
def add_observers(
    act: Act,
    study: AuditStudy,
    centre: Institution,
    codes: Sequence[tuple[str, str]],
    destination: Destination | None,
) -> int:
    """Take observers, each (code, address), at a centre; returns how many. Their copies are made at once
    where the study is open."""
    _not_closed(study)
    if destination is not None:
        if destination.institution_id != centre.pk:
            raise ProtocolError(_("This node is not of that centre."))
        if said := why_not(destination, study.protocol, None, act.at):
            raise ProtocolError(words(said))
    known = set(study.observers.values_list("code", flat=True))
    for code, email in codes:
        if code in known:
            raise ProtocolError(_("There is an observer %(code)s already.") % {"code": code})
        Observer.objects.create(study=study, centre=centre, code=code, email=email, destination=destination)
        known.add(code)
    journal(act, "add audit observers", study, centre=centre.code, observers=len(codes))
    _fill(act, study)
    return len(codes)


@transaction.atomic
def open_study(act: Act, study: AuditStudy, seen: int) -> None:
    """Begin: every copy is made, and goes out as soon as it is."""
    if study.state == State.OPEN:
        return
    if not study.cases.exists() or not study.observers.filter(is_active=True).exists():
        raise ProtocolError(_("A study needs a case and an observer before it opens."))
    if study.protocol.status != Protocol.Status.ACTIVE:
        raise ProtocolError(words("protocol-closed"))
    values = {} if study.opened_at else {"opened_at": act.at}
    study.change(seen, state=State.OPEN, closed_at=None, closed_by=None, **values)
    journal(act, "open audit study", study)
    _fill(act, study)


@transaction.atomic
def close_study(act: Act, study: AuditStudy, seen: int) -> None:
    """End: nothing goes out any more, links end, what comes in waits for a person."""
    study.change(seen, state=State.CLOSED, closed_at=act.at, closed_by=act.user)
    live = Link.objects.filter(copy__study=study, used_at=None, revoked_at=None)
    live.update(revoked_at=act.at)
    journal(act, "close audit study", study)


@transaction.atomic
def drop_case(act: Act, study: AuditStudy, case: Case) -> None:
    """Take a case out of a draft again."""
    _only_draft(study)
    case.delete()
    for number, left in enumerate(study.cases.order_by("pk")):
        Case.objects.filter(pk=left.pk).update(name=f"~{number}")
    for number, left in enumerate(study.cases.order_by("pk")):
        Case.objects.filter(pk=left.pk).update(name=letters(number))
    journal(act, "drop audit case", study)


@transaction.atomic
def drop_observer(act: Act, study: AuditStudy, observer: Observer) -> None:
    """Take an observer out: of a draft without a trace; else their open copies are withdrawn."""
    if study.state == State.DRAFT:
        observer.delete()
    else:
        Observer.objects.filter(pk=observer.pk).update(is_active=False)
        for copy in observer.copies.exclude(state=C.RETURNED):
            withdraw(act, copy)
    journal(act, "drop audit observer", study, observer=observer.code)


@transaction.atomic
def withdraw(act: Act, copy: Copy) -> None:
    """Nothing more of it goes out; what was sent cannot be called back."""
    Copy.objects.filter(pk=copy.pk).update(state=C.WITHDRAWN)
    copy.links.filter(used_at=None, revoked_at=None).update(revoked_at=act.at)
    journal(act, "withdraw audit copy", copy.study, copy=copy.number)


@transaction.atomic
def again(act: Act, copy: Copy) -> None:
    """Try again what failed, or send a copy once more."""
    if copy.study.state != State.OPEN:
        raise ProtocolError(_("The study is not open."))
    made = copy.made_at is not None and copy.problem != "missing"  # then it is made anew, as it was
    copy.files.update(accepted_at=None)
    Copy.objects.filter(pk=copy.pk).update(state=C.MADE if made else C.WAITING, problem="", attempts=0)
    journal(act, "send audit copy again", copy.study, copy=copy.number)
    make_due("hand_out" if made else "copy", [(copy.pk, LANE)], act.at, priority=BACKGROUND)


def why_not_out(copy: Copy) -> str:
    """Why nothing of a copy may go out now; asked at that moment, as whatever changed meanwhile counts."""
    study, file = copy.study, copy.case.patient_file
    if study.state != State.OPEN:
        return "closed"
    if study.protocol.status != Protocol.Status.ACTIVE:
        return "protocol-closed"
    if copy.state in (C.WAITING, C.FAILED, C.WITHDRAWN):
        return "not-made"
    return "restricted" if file is None or why_not_patient(study.protocol, file) else ""


def letters(number: int) -> str:
    """0 -> A, 25 -> Z, 26 -> AA."""
    said, number = "", number + 1
    while number:
        number, rest = divmod(number - 1, 26)
        said = chr(ord("A") + rest) + said
    return said


def journal(act: Act, action: str, study: AuditStudy, **what: object) -> None:
    """One entry about a study."""
    act.journal(
        action,
        object_kind="audit study",
        object_id=study.pk,
        protocol=study.protocol.short_name,
        purpose=study.purpose[:200],
        study=study.name,
        **what,
    )


def _fill(act: Act, study: AuditStudy) -> None:
    """A copy for every case and observer (or centre) that has none; due to be made."""
    if study.state != State.OPEN:
        return
    study = AuditStudy.objects.select_for_update(of=("self",)).get(pk=study.pk)
    held = {(c.case_id, c.observer_id, c.centre_id) for c in study.copies.all()}
    number = study.copies.aggregate(last=Max("number"))["last"] or 0
    fresh: list[Copy] = []
    for observer in study.observers.filter(is_active=True).order_by("centre__code", "code"):
        for case in study.cases.exclude(patient_file=None).order_by("pk"):
            whose = None if study.per_centre else observer.pk
            if (case.pk, whose, observer.centre_id) in held:
                continue
            held.add((case.pk, whose, observer.centre_id))
            number += 1
            fresh.append(
                Copy(study=study, case=case, centre=observer.centre, observer_id=whose, number=number)
            )
    if number > MOST:
        raise ProtocolError(_("A study has at most %(most)s copies.") % {"most": MOST})
    made = Copy.objects.bulk_create(fresh)
    make_due("copy", [(one.pk, LANE) for one in made], act.at, priority=BACKGROUND)


def _values(wanted: Wanted) -> dict[str, object]:
    """What stands in the row itself. A dose goes with its plan: without it, it would refer to nothing."""
    return {
        "name": wanted.name,
        "purpose": wanted.purpose,
        "organiser": wanted.organiser,
        "closes_on": wanted.closes_on,
        "reminds": wanted.reminds,
        "per_centre": wanted.per_centre,
        "with_plan": wanted.with_plan or wanted.with_dose,
        "with_dose": wanted.with_dose,
    }


def _not_closed(study: AuditStudy) -> None:
    if study.state == State.CLOSED:
        raise ProtocolError(_("The study is closed. Open it again first."))


def _only_draft(study: AuditStudy) -> None:
    if study.state != State.DRAFT:
        raise ProtocolError(_("Only of a draft: observers have it already."))
