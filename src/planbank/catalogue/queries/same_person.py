"""Patient files that may be of one person (R20, R129): somebody looks and decides.

Comes in: files of one's own institutions, which the policy has narrowed. Goes out: pairs of files of
different patients with an equal name and birth date, or an equal number. Nothing beyond is looked at.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import combinations

from django.db.models import Count, F, QuerySet, Value
from django.db.models.functions import Replace, Upper

from planbank.catalogue.models import PatientFile

MOST = 200


def pairs(files: QuerySet[PatientFile]) -> Iterator[tuple[PatientFile, PatientFile, str]]:
    """At most `MOST` pairs, with what is equal: 'number', or 'name and birth date'."""
    known = files.filter(patient__isnull=False, studies__isnull=False).distinct()
    seen: set[tuple[int, int]] = set()
    number = known.annotate(plain=Upper(Replace(F("sent_id"), Value("-"), Value("")))).exclude(plain="")
    named = known.exclude(name="").exclude(birth_date="").annotate(called=Upper("name"))
    for rows, columns, why in (
        (number, ("plain",), "number"),
        (named, ("called", "birth_date"), "name and birth date"),
    ):
        grouped = rows.order_by().values(*columns).annotate(n=Count("patient", distinct=True))
        for group in grouped.filter(n__gt=1)[:MOST]:
            same = {name: group[name] for name in columns}
            found = rows.filter(**same).select_related("institution").order_by("pk")[:10]
            for one, two in combinations(found, 2):
                key = (one.pk, two.pk)
                if one.patient_id != two.patient_id and key not in seen:
                    seen.add(key)
                    yield one, two, why
                    if len(seen) >= MOST:
                        return


def candidates(files: QuerySet[PatientFile], file: PatientFile) -> list[PatientFile]:
    """Files of other patients that share this one's name and birth date, or its number; at most ten."""
    others = files.filter(patient__isnull=False).exclude(patient=file.patient_id)
    plain = file.sent_id.replace("-", "").upper()
    found: list[PatientFile] = []
    if plain:
        same = others.annotate(plain=Upper(Replace(F("sent_id"), Value("-"), Value("")))).filter(plain=plain)
        found += same.select_related("institution")[:10]
    if file.name and file.birth_date:
        same = others.filter(name__iexact=file.name, birth_date=file.birth_date)
        found += [row for row in same.select_related("institution")[:10] if row not in found]
    return found
