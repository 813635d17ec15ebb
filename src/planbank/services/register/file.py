"""Filing arrivals: a batch into the catalogue, in one transaction.

Comes in: arrivals of one or several institutions. Goes out: patients, studies, series, instance
versions, instances, submissions, findings; work made due. Only unique constraints and upserts
decide what is new (receive.md, Registration), never a look before an insert.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import TypeVar

from planbank.catalogue.identities import patients, split_off
from planbank.catalogue.models import InstanceVersion, PatientFile, Series, Study
from planbank.dicom.identity import IdentityKey, identify
from planbank.people.models import Institution
from planbank.services.register.insert import insert_new
from planbank.services.register.unpack import Arrival

__all__ = ["identity_of", "patient_files", "patients_of", "series", "studies", "versions"]
R = TypeVar("R", Study, Series)


def identity_of(arrival: Arrival) -> IdentityKey | None:
    """Whose the object is, as the sending institution's scheme reads its Patient ID."""
    institution = arrival.decision.institution
    assert institution is not None
    issuer = institution.code
    if arrival.identity.issuer_of_patient_id:
        issuer = f"{issuer}:{arrival.identity.issuer_of_patient_id}"[:64]
    return identify(arrival.identity.patient_id[:64], institution.identity_scheme, issuer)


def patients_of(
    arrivals: Sequence[Arrival], keys: Sequence[IdentityKey | None], now: datetime
) -> list[int | None]:
    """For each arrival its patient: by number, but for studies that a person split off (R129)."""
    people = patients([key for key in keys if key], now)
    sent = [
        (_institution(a).pk, a.identity.study_instance_uid[:64], people[key.key]) if key else None
        for a, key in zip(arrivals, keys, strict=True)
    ]
    elsewhere = split_off({one for one in sent if one})
    return [elsewhere.get(one, one[2]) if one else None for one in sent]


def patient_files(
    arrivals: Sequence[Arrival], whose: Sequence[int | None]
) -> dict[tuple[int, int | None], PatientFile]:
    """(institution, patient) -> the institution's file on the patient, demographics as last sent."""
    rows: dict[tuple[int, int | None], PatientFile] = {}
    for arrival, patient in zip(arrivals, whose, strict=True):
        institution = _institution(arrival)
        seen = rows.get((institution.pk, patient))
        who = arrival.identity if patient is not None else None
        rows[institution.pk, patient] = PatientFile(
            institution=institution,
            patient_id=patient,
            sent_id=who.patient_id[:64] if who else "",
            name=(who.patient_name[:324] if who else "") or (seen.name if seen else ""),
            birth_date=(who.birth_date[:18] if who else "") or (seen.birth_date if seen else ""),
            sex=(who.sex[:16] if who else "") or (seen.sex if seen else ""),
            first_received_at=arrival.received_at,
            last_received_at=arrival.received_at,
        )
    PatientFile.objects.bulk_create(
        [rows[key] for key in sorted(rows, key=lambda k: (k[0], k[1] or 0))],
        update_conflicts=True,
        unique_fields=["institution", "patient"],
        update_fields=["sent_id", "name", "birth_date", "sex", "last_received_at"],
    )
    return {(row.institution_id, row.patient_id): row for row in _again(PatientFile, rows)}


def studies(arrivals: Sequence[Arrival], files: Sequence[PatientFile]) -> dict[tuple[int, str], Study]:
    """(file, Study Instance UID) -> study; fields that came empty are filled by later objects (R13)."""
    rows: dict[tuple[int, str], Study] = {}
    for arrival, file in zip(arrivals, files, strict=True):
        who = arrival.identity
        row = rows.setdefault(
            (file.pk, who.study_instance_uid[:64]),
            Study(patient_file=file, study_instance_uid=who.study_instance_uid[:64]),
        )
        row.study_date = row.study_date or who.study_date[:18]
        row.study_time = row.study_time or who.study_time[:28]
        row.description = row.description or who.study_description[:64]
    Study.objects.bulk_create([rows[k] for k in sorted(rows)], ignore_conflicts=True)
    found = {
        (row.patient_file_id, row.study_instance_uid): row
        for row in Study.objects.filter(
            patient_file__in=set(files), study_instance_uid__in={uid for _file, uid in rows}
        )
    }
    return fill_empty(Study, rows, found, ["study_date", "study_time", "description"])


def series(arrivals: Sequence[Arrival], in_study: Sequence[Study]) -> dict[tuple[int, str], Series]:
    """(study, Series Instance UID) -> series."""
    rows: dict[tuple[int, str], Series] = {}
    for arrival, study in zip(arrivals, in_study, strict=True):
        who, at = arrival.identity, arrival.received_at
        row = rows.setdefault(
            (study.pk, who.series_instance_uid[:64]),
            Series(
                study=study,
                series_instance_uid=who.series_instance_uid[:64],
                first_received_at=at,
                last_received_at=at,
            ),
        )
        row.modality = row.modality or who.modality[:16]
        row.number = row.number or who.series_number[:16]
        row.description = row.description or who.series_description[:64]
        row.series_date = row.series_date or who.series_date[:18]
        row.frame_of_reference_uid = row.frame_of_reference_uid or who.frame_of_reference_uid[:64]
        row.last_received_at = max(row.last_received_at, at)
    Series.objects.bulk_create(
        [rows[k] for k in sorted(rows)],
        update_conflicts=True,
        unique_fields=["study", "series_instance_uid"],
        update_fields=["last_received_at"],
    )
    listed = Series.objects.filter(study__in=set(in_study), series_instance_uid__in={uid for _s, uid in rows})
    found = {(row.study_id, row.series_instance_uid): row for row in listed}
    fields = ["modality", "number", "description", "series_date", "frame_of_reference_uid"]
    return fill_empty(Series, rows, found, fields)


def versions(arrivals: Sequence[Arrival]) -> tuple[dict[tuple[str, str], InstanceVersion], set[int]]:
    """(SOP Instance UID, content hash) -> version, and the ids of those that are new to the bank."""
    rows = {
        (a.identity.sop_instance_uid, a.trailer.content_hash): InstanceVersion(
            sop_instance_uid=a.identity.sop_instance_uid,
            content_hash=a.trailer.content_hash,
            sop_class_uid=a.identity.sop_class_uid,
            transfer_syntax_uid=a.header.transfer_syntax_uid,
            size=a.trailer.size,
            modality=a.identity.modality[:16],
            instance_number=a.identity.instance_number[:16],
            first_received_at=a.received_at,
        )
        for a in arrivals
    }
    fresh = insert_new([rows[key] for key in sorted(rows)], ["sop_instance_uid", "content_hash"])
    for key, pk in fresh.items():
        rows[key].pk = pk
    known = [key for key in rows if key not in fresh]
    listed = InstanceVersion.objects.defer("headers", "facts").filter(
        sop_instance_uid__in={uid for uid, _hash in known}
    )
    for version in listed if known else ():
        if (key := (version.sop_instance_uid, version.content_hash)) in rows:
            rows[key] = version
    return rows, set(fresh.values())


def _institution(arrival: Arrival) -> Institution:
    assert arrival.decision.institution is not None
    return arrival.decision.institution


def _again(model: type[PatientFile], rows: dict[tuple[int, int | None], PatientFile]) -> list[PatientFile]:
    institutions = {institution for institution, _patient in rows}
    people = {patient for _institution, patient in rows if patient is not None}
    query = model.objects.filter(institution__in=institutions)
    found = list(query.filter(patient__in=people))
    if any(patient is None for _institution, patient in rows):
        found += list(query.filter(patient__isnull=True))
    return found


def fill_empty(
    model: type[R], rows: dict[tuple[int, str], R], found: dict[tuple[int, str], R], fields: list[str]
) -> dict[tuple[int, str], R]:
    """Fill fields that are still empty from the newest arrivals; what stands is never overwritten."""
    changed = []
    for key, row in rows.items():
        kept = found[key]
        fresh = {f: getattr(row, f) for f in fields if getattr(row, f) and not getattr(kept, f)}
        for name, value in fresh.items():
            setattr(kept, name, value)
        if fresh:
            changed.append(kept)
    model.objects.bulk_update(changed, fields)
    return found
