"""Who is who: a number linked, two patients joined, studies split off; each can be undone (R129, R130).

Comes in: an act, files of one's own institutions, a reason. Goes out: an `IdentityChange` with every row it
moved. Pseudonyms stay as they are, nobody sees more than before, and nothing is deleted.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import Any

from django.apps import apps
from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from planbank.catalogue.lanes import lane_of
from planbank.catalogue.models import (
    IdentityChange,
    Instance,
    NameUse,
    Patient,
    PatientFile,
    PatientIdentity,
    Series,
    SplitStudy,
    Study,
)
from planbank.dicom.identity import LOCAL, identify
from planbank.errors import ChangedMeanwhile, IdentityError
from planbank.pipeline.due import make_due
from planbank.protocols.act import Act
from planbank.protocols.actions.removing import MOVED
from planbank.protocols.models import Enrolment, Membership, Participant

Moves = list[list[Any]]
Kind = IdentityChange.Kind


@transaction.atomic
def link_number(act: Act, file: PatientFile, number: str, reason: str) -> IdentityChange:
    """A further number of the patient, such as a changed CPR: what comes under it is theirs from now on.

    Where the number has a patient already, both are joined; that says nothing of where it came from.
    Raises IdentityError.
    """
    _check(reason)
    patient = _patient(file)
    key = identify(number[:64], file.institution.identity_scheme, file.institution.code)
    if key is None:
        raise IdentityError(_("Write the number."))
    row, made = PatientIdentity.objects.get_or_create(
        scheme=key.scheme, issuer=key.issuer, value=key.patient_id, defaults={"patient": patient}
    )
    if row.patient_id == patient.pk and not made:
        raise IdentityError(_("It is a number of this patient already."))
    change = _begin(act, Kind.LINK, file, None, reason)
    if made:
        other = Patient.objects.create(created_at=act.at)  # whom undoing gives the number to
        change.moves = [["catalogue.PatientIdentity", row.pk, "patient_id", other.pk, patient.pk]]
    else:
        assert row.patient_id is not None
        change.moves = _quietly(act, row.patient_id, patient.pk, {file.institution_id})
    return _end(act, change, "link patient number")


@transaction.atomic
def join_patients(
    act: Act, file: PatientFile, other: PatientFile, reason: str, institutions: Collection[int]
) -> IdentityChange:
    """Both files are of one person. `institutions`: those for which the person may decide.

    The patient of whom others hold data too stays; the other one's rows move. Raises IdentityError.
    """
    _check(reason)
    one, two = _patient(file), _patient(other)
    if one.pk == two.pk:
        raise IdentityError(_("They are one patient already."))
    keep, gone = (one.pk, two.pk) if _mine(two.pk, institutions) else (two.pk, one.pk)
    change = _begin(act, Kind.JOIN, file, other, reason)
    change.moves = _join(act, keep, gone, institutions)
    return _end(act, change, "join patients")


@transaction.atomic
def split_studies(act: Act, file: PatientFile, studies: Iterable[Study], reason: str) -> IdentityChange:
    """These studies are of somebody else: a patient of their own, also when they are sent again.

    They leave the protocols of the patient. Raises IdentityError.
    """
    _check(reason)
    patient = _patient(file)
    rows = list(Study.objects.select_for_update().filter(pk__in=[s.pk for s in studies], patient_file=file))
    if not rows:
        raise IdentityError(_("Tick at least one study."))
    if len(rows) == file.studies.count():
        raise IdentityError(_("Leave at least one study; to change the whole patient, link a number."))
    new = Patient.objects.create(created_at=act.at)
    issuer = f"{file.institution.code}:split"[:64]
    PatientIdentity.objects.create(scheme=LOCAL, issuer=issuer, value=str(new.pk), patient=new)
    whose = PatientFile.objects.create(
        institution=file.institution,
        patient=new,
        sent_id=file.sent_id,
        name=file.name,
        birth_date=file.birth_date,
        sex=file.sex,
        first_received_at=file.first_received_at,
        last_received_at=file.last_received_at,
    )
    change = _begin(act, Kind.SPLIT, file, whose, reason)
    moves: Moves = []
    keys = [row.pk for row in rows]
    _move(moves, Study, Study.objects.filter(pk__in=keys), "patient_file_id", whose.pk)
    heads = Instance.objects.filter(series__study__in=keys).values("sop_instance_uid")
    plans = file.plan_sets.filter(sop_instance_uid__in=heads)
    _move(moves, plans.model, plans, "patient_file_id", whose.pk)
    members = Membership.objects.filter(series__study__in=keys, removed_at__isnull=True)
    _move(moves, Membership, members, "removed_at", act.at.isoformat())
    Membership.objects.filter(pk__in=[m[1] for m in moves if m[2] == "removed_at"]).update(
        removed_reason=MOVED
    )
    for row in rows:
        SplitStudy.objects.update_or_create(
            institution=file.institution,
            study_instance_uid=row.study_instance_uid,
            sent_as=patient,
            defaults={"patient": new, "change": change},
        )
    change.moves = moves
    return _end(act, change, "split patient")


@transaction.atomic
def undo_change(act: Act, change: IdentityChange) -> int:
    """Put back what a change moved; returns how many rows. What arrived since stays where it is.

    Raises ChangedMeanwhile where it is undone already, IdentityError where a later change rests on it.
    """
    row = IdentityChange.objects.select_for_update().get(pk=change.pk)
    if row.undone_at is not None:
        raise ChangedMeanwhile
    files = [pk for pk in (row.file_id, row.other_file_id) if pk]
    later = IdentityChange.objects.filter(pk__gt=row.pk, undone_at__isnull=True)
    if later.filter(file__in=files).exists() or later.filter(other_file__in=files).exists():
        raise IdentityError(_("A later change rests on this one. Undo that first."))
    done = 0
    for name, pk, column, before, after in reversed(row.moves):
        model = apps.get_model(name)
        try:
            with transaction.atomic():
                rows = model._default_manager.filter(pk=pk, **{column: after})
                done += rows.update(**{column: before})
        except IntegrityError:
            continue  # its place is taken by what came since
    row.studies.all().delete()
    row.undone_at, row.undone_by = act.at, act.user
    row.save(update_fields=["undone_at", "undone_by"])
    _look_again(act, row)
    _journal(act, "undo identity change", row, rows=done)
    return done


def _join(act: Act, keep: int, gone: int, institutions: Collection[int]) -> Moves:
    """Move all of `gone` to `keep`, file by file; what has its like there stays where it is."""
    list(Patient.objects.select_for_update().filter(pk__in=(keep, gone)).order_by("pk"))
    if not _mine(gone, institutions):
        raise IdentityError(_("Other institutions hold data under both numbers: they decide with you."))
    _check_protocols(keep, gone)
    moves: Moves = []
    for file in PatientFile.objects.filter(patient=gone).order_by("pk"):
        there = PatientFile.objects.filter(patient=keep, institution=file.institution_id).first()
        if there is None:
            _move(moves, PatientFile, PatientFile.objects.filter(pk=file.pk), "patient_id", keep)
        else:
            _fold(moves, file, there)
    for model, column in _referring(Patient, leave=(PatientFile, SplitStudy)):
        _move(moves, model, model._default_manager.filter(**{column: gone}), column, keep)
    # Both were enrolled: the one pseudonym stays in use, the other is kept with a patient who has nothing.
    left = Enrolment.objects.filter(patient=gone, state=Enrolment.State.ENROLLED)
    _move(moves, Enrolment, left, "state", Enrolment.State.REMOVED.value)
    # A name is counted once a person: what both bore counts for the one who stays.
    NameUse.objects.filter(patient=gone).delete()
    return moves


def _quietly(act: Act, keep: int, gone: int, institutions: Collection[int]) -> Moves:
    """The same, where a refusal must not tell what others hold under the number."""
    try:
        return _join(act, keep, gone, institutions)
    except IdentityError:
        raise IdentityError(
            _("This cannot be settled here. Ask a key user of the patient's protocols.")
        ) from None


def _fold(moves: Moves, file: PatientFile, there: PatientFile) -> None:
    """All of one file into another of the same institution."""
    have = {row.study_instance_uid: row for row in Study.objects.filter(patient_file=there)}
    for study in Study.objects.filter(patient_file=file, study_instance_uid__in=have):
        target = have[study.study_instance_uid]
        series = {row.series_instance_uid: row for row in Series.objects.filter(study=target)}
        for row in Series.objects.filter(study=study, series_instance_uid__in=series):
            twin = series[row.series_instance_uid]
            _move(moves, Instance, row.instances.all(), "series_id", twin.pk)
        _move(moves, Series, Series.objects.filter(study=study), "study_id", target.pk)
    for model, column in _referring(PatientFile, leave=(IdentityChange,)):
        rows = model._default_manager.filter(**{column: file.pk})
        _move(moves, model, rows, column, there.pk)


def _referring(model: Any, leave: Collection[Any]) -> list[tuple[Any, str]]:
    """Every table of the bank that names rows of `model`, whatever room it is of."""
    found = []
    for relation in model._meta.get_fields(include_hidden=True):
        if not relation.auto_created or relation.concrete or relation.many_to_many:
            continue
        if relation.related_model not in leave:
            found.append((relation.related_model, relation.field.attname))
    return found


def _move(moves: Moves, model: Any, rows: Any, column: str, after: Any) -> None:
    """Row by row, so that one whose place is taken stays and the others go."""
    for pk, before in rows.order_by("pk").values_list("pk", column):
        try:
            with transaction.atomic():
                model._default_manager.filter(pk=pk).update(**{column: after})
        except IntegrityError:
            continue
        moves.append([model._meta.label, pk, column, before, after])


def _check_protocols(keep: int, gone: int) -> None:
    """Whoever is hidden somewhere stays hidden: that is settled before two become one."""
    mine = {row.protocol_id: row for row in Enrolment.objects.filter(patient=keep).select_related("protocol")}
    for row in Enrolment.objects.filter(patient=gone, protocol__in=mine).select_related("protocol"):
        if row.state != mine[row.protocol_id].state:
            said = {"protocol": row.protocol.short_name}
            raise IdentityError(
                _("They stand differently in %(protocol)s. A key user settles that first.") % said
            )
    both = Participant.objects.filter(patient=keep).values("protocol")
    double = Participant.objects.filter(patient=gone, protocol__in=both).select_related("protocol").first()
    if double is not None:
        said = {"protocol": double.protocol.short_name}
        raise IdentityError(_("Both are participants of %(protocol)s. Take one off its list first.") % said)


def _mine(patient: int, institutions: Collection[int]) -> bool:
    return not PatientFile.objects.filter(patient=patient).exclude(institution__in=institutions).exists()


def _patient(file: PatientFile) -> Patient:
    if file.patient is None:
        raise IdentityError(_("These data have no Patient ID; they are nobody's yet."))
    return file.patient


def _check(reason: str) -> None:
    if not reason.strip():
        raise IdentityError(_("Say why."))


def _begin(act: Act, kind: str, file: PatientFile, other: PatientFile | None, reason: str) -> IdentityChange:
    return IdentityChange.objects.create(
        kind=kind,
        institution=file.institution,
        file=file,
        other_file=other,
        reason=reason.strip()[:200],
        at=act.at,
        by=act.user,
    )


def _end(act: Act, change: IdentityChange, action: str) -> IdentityChange:
    change.save(update_fields=["moves"])
    _look_again(act, change)
    _journal(act, action, change, rows=len(change.moves))
    return change


def _look_again(act: Act, change: IdentityChange) -> None:
    """What belongs together, and what joins protocols, is found anew for every file concerned."""
    files = {pk for pk in (change.file_id, change.other_file_id) if pk}
    for name, pk, column, before, after in change.moves:
        if column == "patient_file_id":
            files |= {before, after}
        if name == "catalogue.PatientFile":
            files.add(pk)
    known = PatientFile.objects.filter(pk__in=files).values_list("pk", flat=True)
    for service in ("link", "members"):
        make_due(service, [(pk, lane_of(pk)) for pk in known], act.at)


def _journal(act: Act, action: str, change: IdentityChange, **detail: Any) -> None:
    act.journal(
        action,
        object_kind="patient file",
        object_id=change.file_id,
        institution=change.institution.code,
        **detail,
    )
