"""Which objects an export holds.

Comes in: an export, or what somebody would ask for. Goes out: the instances that the person who asks may take
out now in that form, each with the names it goes by; as rows of the export. A person's rights are those of
the moment (R190): whoever lost one since they asked gets less.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime, time, timedelta

from django.db.models import Q, QuerySet

from planbank.access.scopes import Scope
from planbank.catalogue.models import Instance, Member
from planbank.naming.cells import read
from planbank.naming.models import Dictionary
from planbank.naming.queries.books import book_of, choices_of
from planbank.naming.queries.sheets import plan_sets_of, rows_of
from planbank.people.models import User
from planbank.protocols.models import Project, Protocol
from planbank.reach.rows import Reader
from planbank.takeout.models import Export, ExportFile
from planbank.takeout.selection import KINDS, Selection

ACTIONS = {Export.Form.RAW: "export.raw", Export.Form.PSEUDONYMISED: "export.dicom"}
PORTION = 2000
_PLAIN = re.compile(r"[A-Za-z0-9-]{1,40}")
_MODALITY = re.compile(r"[A-Z]{2,16}")


def within_reach(
    user: User, at: datetime, owner: Protocol | Project, form: str, selection: Selection
) -> QuerySet[Instance]:
    """The instances that `user` may take out in this form, narrowed to the selection."""
    reader = Reader(user, at, Scope.of(owner))
    found = reader.rows(Instance, ACTIONS[Export.Form(form)])
    if selection.institutions:
        found = found.filter(institution__in=selection.institutions)
    if selection.kinds:
        found = found.filter(_of_kinds(selection.kinds))
    if selection.since:
        found = found.filter(first_received_at__gte=datetime.combine(selection.since, time.min, UTC))
    if selection.until:
        after = datetime.combine(selection.until + timedelta(days=1), time.min, UTC)
        found = found.filter(first_received_at__lt=after)
    if selection.structure_types:
        members = Member.objects.filter(plan_set__in=_with_types(reader, owner, selection.structure_types))
        inside = Q(pk__in=members.exclude(instance=None).values("instance"))
        found = found.filter(inside | Q(series__in=members.exclude(series=None).values("series")))
    return found


def choose(row: Export, at: datetime) -> int:
    """Write the files of an export down; returns how many. What is there already stays as it is."""
    assert row.asked_by is not None
    selection = Selection.read(row.selection)
    found = within_reach(row.asked_by, at, row.owner, row.form, selection)
    count, made = 0, []
    for one in _files(row, found):
        made.append(one)
        if len(made) == PORTION:
            count += len(ExportFile.objects.bulk_create(made, ignore_conflicts=True))
            made = []
    return count + len(ExportFile.objects.bulk_create(made, ignore_conflicts=True))


def _files(row: Export, found: QuerySet[Instance]) -> Iterator[ExportFile]:
    related = ("current_version", "institution", "series__study__patient_file")
    numbers: Counter[str] = Counter()
    order = ("institution__code", "series__study__patient_file", "current_version__modality", "series", "pk")
    for instance in found.select_related(*related).order_by(*order).iterator(PORTION):
        file = instance.series.study.patient_file
        version, pseudonym = instance.current_version, getattr(instance, "pseudonym", "")
        who = pseudonym if _PLAIN.fullmatch(pseudonym) else f"patient-{file.pk}"
        kind = version.modality if _MODALITY.fullmatch(version.modality) else "OT"
        stem = f"{instance.institution.code}/{who}/{kind}"
        numbers[stem] += 1
        yield ExportFile(
            export=row,
            patient_file=file,
            version=version,
            instance=instance.pk,
            protocol_id=getattr(instance, "seen_through", None) or row.protocol_id,
            pseudonym=pseudonym,
            trial_id=getattr(instance, "trial_id", ""),
            name=f"{stem}-{numbers[stem]:05d}.dcm",
        )


def _of_kinds(kinds: tuple[str, ...]) -> Q:
    named = frozenset[str]().union(*(KINDS[kind][0] for kind in kinds))
    found = Q(current_version__modality__in=named)
    if "others" in kinds:
        found |= ~Q(current_version__modality__in=frozenset[str]().union(*(one for one, _ in KINDS.values())))
    return found


def _with_types(reader: Reader, owner: Protocol | Project, types: tuple[int, ...]) -> list[int]:
    """The plan sets that hold every one of these structure types, by the dictionary of the owner."""
    dictionary = Dictionary.objects.filter(**{owner._meta.model_name or "": owner}).first()
    if dictionary is None:
        return []
    book, choices = book_of(dictionary), choices_of(dictionary)
    wanted, found = set(types), []
    for row in rows_of(plan_sets_of(reader, dictionary), dictionary):
        sheet = row.sheet(choices)
        cells = read(sheet.rois, book, sheet.institution, sheet.chosen).cells
        if wanted <= {type_ for type_, cell in cells.items() if cell.rois}:
            found.append(row.plan_set)
    return found
