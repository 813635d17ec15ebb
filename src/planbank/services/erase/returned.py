"""What was erased and is there again, as after a restored backup.

Comes in: tombstones and the catalogue. Goes out: instances that bear a mark; erasures that remove them
again without a person, because persons decided before.
"""

from __future__ import annotations

from collections.abc import Iterator

from django.db import transaction
from django.db.models import QuerySet

from planbank.catalogue.models import Instance, PatientFile
from planbank.erasure.models import Erasure
from planbank.erasure.tombstones import Standing, remember
from planbank.house import House
from planbank.journal.record import Actor, record

CHUNK = 5000


def came_back(house: House, file: PatientFile | None) -> QuerySet[Instance]:
    """Instances of this file that were erased before."""
    marks = Standing.load(house)
    rows = Instance.objects.filter(series__study__patient_file=file).select_related("institution")
    ids = [r.pk for r in rows if file and marks.has_object(r.institution.code, r.sop_instance_uid)]
    return Instance.objects.filter(pk__in=ids)


def files_back(house: House) -> Iterator[tuple[int, int]]:
    """(patient file, objects) for every file that holds something erased. Reads every instance."""
    marks = Standing.load(house)
    if not marks.marks:
        return
    found: dict[int, int] = {}
    rows = Instance.objects.order_by("pk").values_list(
        "institution__code", "sop_instance_uid", "series__study__patient_file"
    )
    for code, uid, file in rows.iterator(CHUNK):
        if marks.has_object(code, uid):
            found[file] = found.get(file, 0) + 1
    yield from sorted(found.items())


def heal(house: House) -> int:
    """Read tombstones that the database lost, and have what came back removed; returns files concerned."""
    if not remember(house):
        return 0
    return ask_again(house)


def ask_again(house: House) -> int:
    """Have everything that is there again removed; returns how many files are concerned."""
    at, found = house.clock.now(), list(files_back(house))
    for file, objects in found:
        with transaction.atomic():
            row = PatientFile.objects.select_related("institution").get(pk=file)
            Erasure.objects.get_or_create(
                kind=Erasure.Kind.RETURNED,
                state=Erasure.State.CONFIRMED,
                patient_file=row,
                plan_set=None,
                protocol=None,
                defaults={
                    "institution": row.institution,
                    "file_number": row.pk,
                    "reason": "tombstone",
                    "asked_at": at,
                    "confirmed_at": at,
                },
            )
            record(
                Actor("service", "erase"),
                "erased data found again",
                at,
                object_kind="patient file",
                object_id=file,
                institution=row.institution.code,
                objects=objects,
            )
    return len(found)
