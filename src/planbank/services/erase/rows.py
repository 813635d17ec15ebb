"""The rows of an erasure, removed in one transaction.

Comes in: the instances that go and their patient file. Goes out: nothing of them in any table; the list
of what is still to be removed outside the database. Bytes that another institution submitted stay,
with everything derived from them.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Exists, OuterRef, QuerySet

from planbank.audits.models import Case, CaseFile, Copy, CopyFile, Link, Overlay
from planbank.catalogue.models import (
    Bundle,
    Calculation,
    ChosenDose,
    Commitment,
    Finding,
    Instance,
    InstanceVersion,
    NameUse,
    PatientFile,
    PatientIdentity,
    PlanSet,
    Scene,
    Series,
    Study,
    Submission,
)
from planbank.delivery.models import Forward
from planbank.house import House
from planbank.pipeline.due import make_due
from planbank.pipeline.models import Outcome
from planbank.protocols.models import Enrolment, Firing, Participant, Tag
from planbank.services.analyse import lane_of
from planbank.services.scene.forget import keys_of
from planbank.takeout.asking import LANE
from planbank.takeout.models import Export, ExportFile


@dataclass(frozen=True)
class Going:
    """What goes: instances of one file, their UIDs; `is_whole` when the file keeps none.

    `forgets`: who the patient was goes too, where no centre holds anything of them any more.
    """

    file: PatientFile | None
    instances: tuple[int, ...]
    uids: tuple[str, ...]
    is_whole: bool
    forgets: bool = True

    @classmethod
    def of(cls, file: PatientFile | None, found: QuerySet[Instance], forgets: bool = True) -> Going:
        """Read what the query finds now."""
        rows = list(found.order_by("pk").values_list("pk", "sop_instance_uid"))
        left = Instance.objects.filter(series__study__patient_file=file).exclude(
            pk__in=[pk for pk, _u in rows]
        )
        whole = file is not None and not left.exists()
        return cls(file, tuple(pk for pk, _uid in rows), tuple(uid for _pk, uid in rows), whole, forgets)


def remove_rows(house: House, going: Going, at: datetime) -> dict[str, Any]:
    """Delete; returns {rows: counts by table, objects, derived, parcels}: keys and ids outside."""
    submissions = Submission.objects.filter(instance__in=going.instances).order_by()
    parcels = sorted(submissions.values_list("parcel_id", flat=True))
    versions = set(submissions.values_list("version", flat=True))
    versions |= set(Instance.objects.filter(pk__in=going.instances).values_list("current_version", flat=True))
    counts: Counter[str] = Counter()
    derived = _plan_sets(going, counts) + _exports(going, counts, at) + _audits(going, counts, at)
    _about("instance", going.instances, counts)
    _drop(Instance.objects.filter(pk__in=going.instances), counts)
    hashes = _versions(versions, counts)
    _commitments(going)
    _drop(Firing.objects.filter(patient_file=going.file, subject_uid__in=going.uids), counts)
    _drop(Tag.objects.filter(patient_file=going.file, subject_uid__in=going.uids), counts)
    _drop(Forward.objects.filter(patient_file=going.file, subject_uid__in=going.uids), counts)
    if going.file is not None:
        _emptied(going.file, counts)
        if going.is_whole:
            _file(going.file, counts, forgets=going.forgets)
        else:
            make_due("link", [(going.file.pk, lane_of(going.file.pk))], at)
    return {"rows": dict(counts), "objects": hashes, "derived": derived, "parcels": parcels}


def _plan_sets(going: Going, counts: Counter[str]) -> list[str]:
    """Plan sets named after what goes, or all of the file; returns keys of what pages draw of them."""
    rows = PlanSet.objects.filter(patient_file=going.file)
    if not going.is_whole:
        rows = rows.filter(sop_instance_uid__in=going.uids)
    ids = list(rows.values_list("pk", flat=True))
    touched = PlanSet.objects.filter(members__instance__in=going.instances).values_list("pk", flat=True)
    bundles = Bundle.objects.filter(plan_set__in={*ids, *touched})
    kept = Bundle.objects.exclude(pk__in=bundles).filter(inputs=OuterRef("inputs"))
    keys = list(bundles.filter(~Exists(kept)).values_list("picture_key", "lines_key"))
    scenes = Scene.objects.filter(plan_set__in={*ids, *touched})
    parts = keys_of(scenes)
    _drop(bundles, counts)
    _drop(scenes, counts)
    _about("plan set", ids, counts)
    _drop(PlanSet.objects.filter(pk__in=ids), counts)
    return sorted({key for pair in keys for key in pair if key} | parts)


def _exports(going: Going, counts: Counter[str], at: datetime) -> list[str]:
    """Files of exports; the rest of each is laid out anew. Returns keys of de-identified ones."""
    files = ExportFile.objects.filter(instance__in=going.instances)
    keys = list(files.filter(key__startswith="derived/").values_list("key", flat=True))
    exports = Export.objects.filter(pk__in=files.values("export"), state=Export.State.READY)
    ids = list(exports.values_list("pk", flat=True))
    _drop(files, counts)
    Export.objects.filter(pk__in=ids).update(state=Export.State.PREPARING)
    make_due("export", [(pk, LANE) for pk in ids], at)
    return keys


def _audits(going: Going, counts: Counter[str], at: datetime) -> list[str]:
    """Copies made of what goes: none goes out any more, none is made again. Returns keys of their objects.

    Whose they were is no longer told by anything here; what observers returned is of nobody, and stays.
    """
    cases = Case.objects.filter(patient_file=going.file)
    if not going.is_whole:
        cases = cases.filter(files__version__sop_instance_uid__in=going.uids)
    ids = list(cases.values_list("pk", flat=True).distinct())
    files = CopyFile.objects.filter(copy__case__in=ids)
    keys = list(files.values_list("key", flat=True))
    Link.objects.filter(copy__case__in=ids, used_at=None, revoked_at=None).update(revoked_at=at)
    copies = Copy.objects.filter(case__in=ids).exclude(state=Copy.State.RETURNED)
    copies.update(state=Copy.State.WITHDRAWN)
    _drop(files, counts)
    _drop(CaseFile.objects.filter(case__in=ids), counts)
    _drop(Overlay.objects.filter(case__in=ids), counts)
    Case.objects.filter(pk__in=ids).update(patient_file=None, plan_set_uid="", chosen_at=at)
    return keys


def _versions(ids: Iterable[int], counts: Counter[str]) -> list[str]:
    """Versions that nobody submitted any more, with what was derived; returns their content hashes."""
    rows = InstanceVersion.objects.filter(pk__in=list(ids)).filter(
        ~Exists(Submission.objects.filter(version=OuterRef("pk"))),
        ~Exists(Instance.objects.filter(current_version=OuterRef("pk"))),
    )
    found = dict(rows.values_list("pk", "content_hash"))
    doses = list(ChosenDose.objects.filter(versions__in=found).values_list("pk", flat=True).distinct())
    gone = Calculation.objects.filter(structure_set__version__in=found)
    gone |= Calculation.objects.filter(chosen_dose__in=doses)
    calculations = list(gone.values_list("pk", flat=True))
    _about("calculation", calculations, counts)
    _about("instance version", found, counts)
    _drop(ChosenDose.objects.filter(pk__in=doses), counts)
    _drop(InstanceVersion.objects.filter(pk__in=found), counts)
    return sorted(set(found.values()))


def _emptied(file: PatientFile, counts: Counter[str]) -> None:
    """Series without objects and studies without series."""
    series = Series.objects.filter(study__patient_file=file, instances=None)
    ids = list(series.values_list("pk", flat=True))
    _about("series", ids, counts)
    _drop(Series.objects.filter(pk__in=ids), counts)
    studies = list(Study.objects.filter(patient_file=file, series=None).values_list("pk", flat=True))
    _about("study", studies, counts)
    _drop(Study.objects.filter(pk__in=studies), counts)


def _file(file: PatientFile, counts: Counter[str], *, forgets: bool) -> None:
    """The file; and where no centre holds anything of the person any more, who they were.

    Somebody whom a protocol expects, or held once, is forgotten only by an erasure that persons decided.
    """
    patient = file.patient
    _about("patient file", [file.pk], counts)
    _drop(PatientFile.objects.filter(pk=file.pk), counts)
    if patient is None or PatientFile.objects.filter(patient=patient).exists():
        return
    known = Enrolment.objects.filter(patient=patient).exists() or Participant.objects.filter(patient=patient)
    if not forgets and known:
        return
    # A patient in a protocol stays as a number without a name: that somebody was there, and left.
    held = Enrolment.objects.filter(patient=patient)
    counts["protocols.Enrolment anonymised"] += held.update(pseudonym="")
    left = Enrolment.State.ENROLLED, Enrolment.State.RESTRICTED
    held.filter(state__in=left).update(state=Enrolment.State.REMOVED, reason="")
    _about("enrolment", held.values_list("pk", flat=True), counts)
    people = Participant.objects.filter(patient=patient)
    counts["protocols.Participant anonymised"] += people.update(patient=None, attributes={})
    _drop(NameUse.objects.filter(patient=patient), counts)
    _drop(PatientIdentity.objects.filter(patient=patient), counts)
    if not held.exists():
        patient.delete()


def _commitments(going: Going) -> None:
    """Requests that name what goes; what was told of it is theirs to keep."""
    if going.file is None or not going.uids:
        return
    gone = set(going.uids)
    for row in Commitment.objects.filter(institution=going.file.institution_id).exclude(
        references=[], failed=[]
    ):
        row.references = [one for one in row.references if one[1] not in gone]
        row.failed = [one for one in row.failed if one[1] not in gone]
        row.save(update_fields=["references", "failed"])


def _about(kind: str, ids: Iterable[int], counts: Counter[str]) -> None:
    """What services said and found about subjects that go."""
    subjects = list(ids)
    _drop(Outcome.objects.filter(subject_kind=kind, subject_id__in=subjects), counts)
    _drop(Finding.objects.filter(subject_kind=kind, subject_id__in=subjects), counts)


def _drop(rows: QuerySet[Any], counts: Counter[str]) -> None:
    counts.update({label: n for label, n in rows.delete()[1].items() if n})
