"""What is odd about arrivals that are kept all the same (model.md, Three ends)."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from planbank.catalogue.models import Finding, PatientFile, Study
from planbank.services.register.relate import Filed


def find(filed: Iterable[Filed], files: dict[int, PatientFile], now: datetime) -> list[Finding]:
    """Write the findings that the headers alone show; each opens once."""
    rows: list[Finding] = []
    for item in filed:
        if item.instance is None:
            continue
        who = item.arrival.identity
        file = files[item.series.pk]
        rows += [
            Finding(
                patient_file=file,
                source="register",
                subject_kind="instance",
                subject_id=item.instance.pk,
                code=code,
                params=params,
                opened_at=now,
            )
            for code, params in _codes(item, who.patient_id, who.study_instance_uid, who.series_instance_uid)
        ]
    rows += _identity_differs({item.series.study.study_instance_uid for item in filed} - {""}, now)
    # A partial unique index makes each finding open once; Django's conflict handling names no
    # target for partial indexes, and none is needed to ignore.
    Finding.objects.bulk_create(rows, ignore_conflicts=True)
    return rows


def _codes(item: Filed, patient: str, study: str, series: str) -> list[tuple[str, dict[str, object]]]:
    found: list[tuple[str, dict[str, object]]] = []
    if not patient:
        found.append(("no-patient-id", {}))
    if not study:
        found.append(("no-study-uid", {}))
    if not series:
        found.append(("no-series-uid", {}))
    if item.arrival.odd_uids:
        found.append(("odd-uid", {"where": item.arrival.odd_uids}))
    if item.arrival.identity.charset_guessed:
        found.append(("charset-guessed", {}))
    return found


def _identity_differs(uids: set[str], now: datetime) -> list[Finding]:
    """One study UID under two patients of one institution (receive.md, difficult peers)."""
    studies = Study.objects.filter(study_instance_uid__in=uids).select_related("patient_file")
    by_place: dict[tuple[int, str], list[Study]] = {}
    for study in studies:
        place = (study.patient_file.institution_id, study.study_instance_uid)
        by_place.setdefault(place, []).append(study)
    return [
        Finding(
            patient_file=study.patient_file,
            source="register",
            subject_kind="study",
            subject_id=study.pk,
            code="patient-differs-in-study",
            params={"files": len(same)},
            opened_at=now,
        )
        for same in by_place.values()
        if len(same) > 1
        for study in same
    ]
