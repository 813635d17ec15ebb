"""Adding data to a protocol: plan sets, series, patients (R39, R40).

Comes in: an act, a protocol, rows of one institution that the policy lets the person add. Goes out:
how many members are new. Nothing is copied (R36); the whole plan set comes along, and what arrives
later joins by itself.
"""

from __future__ import annotations

from collections.abc import Iterable

from django.db import transaction
from django.utils.translation import gettext as _

from planbank.catalogue.lanes import lane_of
from planbank.catalogue.models import Instance, PatientFile, PlanSet, Series
from planbank.errors import ProtocolError
from planbank.pipeline.due import BACKGROUND, make_due
from planbank.protocols.act import Act
from planbank.protocols.actions.enrolling import enrol
from planbank.protocols.models import Membership, Participation, Protocol
from planbank.protocols.parts import Part, parts_of, parts_of_series

BY_HAND = "user"


def add_plan_set(act: Act, protocol: Protocol, plan_set: PlanSet, via: str = BY_HAND) -> int:
    """The plan set and all that belongs to it; returns how many members are new. Raises ProtocolError."""
    return add_parts(act, protocol, plan_set.patient_file, parts_of([plan_set])[plan_set.pk].parts, via)


def add_series(act: Act, protocol: Protocol, series: Series, via: str = BY_HAND) -> int:
    """One series: its images together, or its RT objects one by one. Raises ProtocolError."""
    return add_parts(act, protocol, series.study.patient_file, parts_of_series([series]), via)


def add_patient(act: Act, protocol: Protocol, patient_file: PatientFile, via: str = BY_HAND) -> int:
    """All that an institution holds of a patient. Raises ProtocolError."""
    series = Series.objects.filter(study__patient_file=patient_file)
    return add_parts(act, protocol, patient_file, parts_of_series(series), via)


@transaction.atomic
def add_parts(
    act: Act, protocol: Protocol, file: PatientFile, parts: Iterable[Part], via: str = BY_HAND
) -> int:
    """Members for those parts of one patient file that are none yet; returns how many.

    What a person removed before comes back as a new row where a person adds it.
    """
    check_open(act, protocol, file)
    # What is being deleted because it stood in no protocol is not added in the same moment.
    if not list(PatientFile.objects.select_for_update(no_key=True, of=("self",)).filter(pk=file.pk)):
        raise ProtocolError(_("This patient's data were deleted meanwhile."))
    parts = _still_there(file, parts)
    enrolment = enrol(act, protocol, file.patient_id, via, again=act.user is not None)
    members = Membership.objects.filter(protocol=protocol, patient_file=file, removed_at__isnull=True)
    known = set(members.values_list("series_id", "instance_id"))
    new = [
        Membership(
            protocol=protocol,
            institution_id=file.institution_id,
            patient_file=file,
            series_id=part.series,
            instance_id=part.instance,
            sop_instance_uid=part.uid,
            added_at=act.at,
            added_by=act.user,
            via=via,
        )
        for part in sorted(set(parts), key=lambda p: (p.series, p.instance or 0))
        if (part.series, part.instance) not in known
    ]
    Membership.objects.bulk_create(new)
    if new:
        _look_elsewhere(act, file)
        make_due("clean", [(file.pk, lane_of(file.pk))], act.at, priority=BACKGROUND)
        make_due("names", [(file.pk, lane_of(file.pk))], act.at)
        act.journal(
            "add data",
            object_kind="enrolment",
            object_id=enrolment.pk,
            institution=file.institution.code,
            protocol=protocol.short_name,
            members=len(new),
            via=via,
        )
    return len(new)


def _still_there(file: PatientFile, parts: Iterable[Part]) -> list[Part]:
    """The parts that exist now."""
    wanted = list(parts)
    series = Series.objects.filter(pk__in=[part.series for part in wanted])
    held = set(series.values_list("pk", flat=True))
    objects = Instance.objects.filter(pk__in=[part.instance for part in wanted if part.instance is not None])
    held_objects = {None, *objects.values_list("pk", flat=True)}
    found = [part for part in wanted if part.series in held and part.instance in held_objects]
    if wanted and not found:
        raise ProtocolError(_("This patient's data were deleted meanwhile."))
    return found


def _look_elsewhere(act: Act, file: PatientFile) -> None:
    """What another centre sent of the same patient may refer to what is a member now."""
    others = PatientFile.objects.filter(patient=file.patient_id).exclude(pk=file.pk)
    pks = others.values_list("pk", flat=True)
    make_due("members", [(pk, lane_of(pk)) for pk in pks], act.at)


def check_open(act: Act, protocol: Protocol, file: PatientFile) -> None:
    """Raise ProtocolError unless the protocol takes data from this institution now."""
    name = {"protocol": protocol.short_name}
    if Protocol.objects.filter(pk=protocol.pk).values_list("status", flat=True).first() != "active":
        raise ProtocolError(_("%(protocol)s is not open for data.") % name)
    centres = Participation.objects.in_force(act.at).filter(protocol=protocol)
    if not centres.filter(institution=file.institution_id).exists():
        name["institution"] = file.institution.code
        raise ProtocolError(_("%(institution)s does not take part in %(protocol)s now.") % name)
