"""Patient files as lists: searched, narrowed, counted for the rows of one page.

Comes in: a queryset of PatientFile that the policy has narrowed. Goes out: the same narrowed
further, and numbers for the files of one page. Nothing here looks beyond the files it is given:
an identity that another institution sent finds nothing (model.md: identity never widens visibility).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from django.db.models import Count, Exists, F, OuterRef, Q, QuerySet, Value
from django.db.models.expressions import RawSQL
from django.db.models.functions import Replace

from planbank.catalogue.models import Finding, PatientFile, Series, Study
from planbank.catalogue.queries.among import among
from planbank.catalogue.queries.paging import Order

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

# As departments list them; whatever else occurs follows in alphabetical order.
MODALITIES = ("CT", "MR", "PT", "RTSTRUCT", "RTPLAN", "RTDOSE", "RTRECORD", "RTIMAGE", "REG", "SEG")
ORDERS = {
    "-received": Order("last_received_at", descending=True),
    "received": Order("last_received_at"),
    "name": Order("name"),
    "-name": Order("name", descending=True),
    "id": Order("sent_id"),
    "-id": Order("sent_id", descending=True),
}
MAX_WORDS = 8
# By a word of a search, the patients whose pseudonym or trial ID it could be.
Known = Callable[[str], RawSQL]


@dataclass
class FileNumbers:
    """What one patient file holds."""

    studies: int = 0
    series: int = 0
    objects: int = 0
    modalities: list[str] = field(default_factory=list)


NAMELESS_ORDERS = {name: ORDERS[name] for name in ("-received", "received")}


def search(
    files: QuerySet[PatientFile],
    text: str,
    *,
    named: Q | None = None,
    also: Sequence[str] = (),
    known: Known | None = None,
) -> QuerySet[PatientFile]:
    """Files in which every word of `text` stands in the ID, the name or a study's description.

    Words are literal. A number is found with and without its dashes. `named`: where only some rows
    may be found by what names a patient; the others are found by the columns of `also`, and `known`
    gives the patients that these columns could mean.
    """
    for word in text.replace("\0", "").split()[:MAX_WORDS]:
        in_study = Study.objects.filter(description__icontains=word).order_by()
        found = Q(pk__in=called(word)) | Q(pk__in=among(in_study.values_list("patient_file", flat=True)))
        files = files.filter(where_allowed(found, word, named, also))
        if named is not None and known is not None:
            files = files.filter(found | Q(patient__in=known(word)))
    return files


def called(word: str) -> RawSQL:
    """All files of the bank with a word in ID or name: a part of a search, never an answer."""
    files = PatientFile.objects.order_by()
    found = Q(sent_id__icontains=word) | Q(name__icontains=word)
    plain = word.replace("-", "")
    if plain.isdigit():
        files = files.alias(plain_id=Replace(F("sent_id"), Value("-"), Value("")))
        found |= Q(plain_id__contains=plain)
    return among(files.filter(found).values_list("pk", flat=True))


def where_allowed(found: Q, word: str, named: Q | None, also: Sequence[str]) -> Q:
    """A search that names patients, on the rows where it may; on all of them by the columns of `also`.

    What `also` reads is asked row by row. Whoever searches adds a condition that costs less and holds
    for every row that this finds; the database looks at that one first.
    """
    if named is None:
        return found
    found &= named
    for column in also:
        found |= Q(**{f"{column}__icontains": word})
    return found


def with_modality(files: QuerySet[PatientFile], modality: str) -> QuerySet[PatientFile]:
    """Files with a series of that modality."""
    return files.filter(Exists(Series.objects.filter(study__patient_file=OuterRef("pk"), modality=modality)))


def with_open_findings(files: QuerySet[PatientFile]) -> QuerySet[PatientFile]:
    """Files on which a finding is open."""
    open_findings = Finding.objects.filter(patient_file=OuterRef("pk"), closed_at__isnull=True)
    return files.filter(Exists(open_findings))


def numbers(files: Sequence[PatientFile], held: QuerySet[Series] | None = None) -> dict[int, FileNumbers]:
    """What each of these files holds. One query, whose cost is that of these files alone.

    `held`: the series that count, where somebody may not see all.
    """
    found = {file.pk: FileNumbers() for file in files}
    studies: dict[int, set[int]] = {pk: set() for pk in found}
    modalities: dict[int, set[str]] = {pk: set() for pk in found}
    rows = (
        (Series.objects.all() if held is None else held)
        .filter(study__patient_file__in=list(found))
        .values_list("study__patient_file_id", "study_id", "modality")
        .annotate(objects=Count("instances"))
        .order_by()
    )
    counted = rows.values_list("study__patient_file_id", "study_id", "modality", "pk", "objects")
    for pk, study, modality, _series, objects in counted:
        found[pk].series += 1
        found[pk].objects += objects
        studies[pk].add(study)
        modalities[pk].add(modality)
    for pk, row in found.items():
        row.studies = len(studies[pk])
        row.modalities = in_order(modalities[pk])
    return found


def in_order(modalities: Iterable[str]) -> list[str]:
    """Modalities without doubles, in the order people expect."""
    places = {name: n for n, name in enumerate(MODALITIES)}
    return sorted({m for m in modalities if m}, key=lambda m: (places.get(m, len(places)), m))
