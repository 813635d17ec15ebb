"""What a case consists of, written down once (R105, R110).

Comes in: a case. Goes out: its seed set as rows: images, and of structure sets, plans and doses what the
study says. Trigger ROIs and empty ones never go (model.md). What is written down stays: a copy made a year
later is made of the same objects.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from django.db import transaction

from planbank.audits.models import AuditStudy, Case, CaseFile
from planbank.catalogue.models import Instance, InstanceVersion, Member, PlanSet, Roi
from planbank.catalogue.models.plan_set import Role
from planbank.dicom import uids
from planbank.dicom.patterns import Pattern
from planbank.house import House
from planbank.naming.cells import Named
from planbank.naming.models import Dictionary
from planbank.naming.queries.books import choices_of
from planbank.services.collect.names import types_of

P = CaseFile.Part


@transaction.atomic
def seed(house: House, case: Case) -> int:
    """Write the seed set down where it is not yet; returns how many objects it has."""
    case = Case.objects.select_for_update(of=("self",)).select_related("study").get(pk=case.pk)
    if case.chosen_at is None:
        rows = PlanSet.objects.filter(patient_file=case.patient_file_id, sop_instance_uid=case.plan_set_uid)
        plan_set = rows.first()
        if plan_set is not None:
            CaseFile.objects.bulk_create(_files(case, plan_set))
            Case.objects.filter(pk=case.pk).update(chosen_at=house.clock.now())
    return case.files.count()


def _files(case: Case, plan_set: PlanSet) -> Iterator[CaseFile]:
    study = case.study
    members = Member.objects.filter(plan_set=plan_set).order_by("pk")
    series = members.filter(role=Role.IMAGES, series__isnull=False).values("series")
    for instance in Instance.objects.filter(series__in=series).select_related("current_version"):
        if uids.kind(instance.current_version.sop_class_uid) == "image":
            yield CaseFile(case=case, version=instance.current_version, part=P.IMAGE)
    parts = {Role.STRUCTURE_SET: P.STRUCTURES}
    parts |= {Role.PLAN: P.PLAN} if study.with_plan else {}
    parts |= {Role.DOSE: P.DOSE} if study.with_dose else {}
    seen: set[int] = set()
    chosen = members.filter(role__in=parts, instance__isnull=False)
    for member in chosen.select_related("instance__current_version"):
        assert member.instance is not None
        version = member.instance.current_version
        if version.pk in seen:
            continue
        seen.add(version.pk)
        rois = _rois(study, case, version) if member.role == Role.STRUCTURE_SET else []
        if member.role != Role.STRUCTURE_SET or rois or study.with_plan:
            yield CaseFile(case=case, version=version, part=parts[Role(member.role)], rois=rois)


def _rois(study: AuditStudy, case: Case, version: InstanceVersion) -> list[int]:
    """Numbers of the ROIs that go. With a plan and no types named: all that are not triggers."""
    types = set(study.given_types.values_list("pk", flat=True))
    if not types and not study.with_plan:
        return []
    rows = Roi.objects.filter(structure_set__version=version, is_empty=False)
    held = _without_triggers(study, [Named(one.number, one.name, one.pk) for one in rows])
    if not types:
        return sorted(one.number for one in held)
    assert case.patient_file is not None
    dictionary = Dictionary.objects.filter(protocol=study.protocol_id).first()
    where = (case.patient_file.pk, version.sop_instance_uid)
    chosen = choices_of(dictionary).get(where, ()) if dictionary else ()
    stands_for = types_of(study, held, case.patient_file.institution_id, chosen)
    return sorted(number for number, type_ in stands_for.items() if type_ in types)


def _without_triggers(study: AuditStudy, rois: Iterable[Named]) -> list[Named]:
    names = study.protocol.triggers.values_list("roi_name", flat=True)
    triggers = [Pattern(name) for name in names if name.strip()]
    return [one for one in rois if not any(pattern.matches(one.name) for pattern in triggers)]
