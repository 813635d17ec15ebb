"""Laying an export out: what stands where in its ZIP.

Comes in: an export whose objects are prepared. Goes out: an offset for each, a leaflet in front and the list
of all files with their sums behind (R113). What the person may no longer take out is withheld, counted and
not named.
"""

from __future__ import annotations

import hashlib
import zlib
from collections.abc import Iterable, Iterator
from datetime import datetime

from django.db import transaction
from django.db.models import QuerySet
from django.utils.translation import gettext as _

from planbank.archive.names import derived_key
from planbank.catalogue.models import Instance
from planbank.exports.csv_file import lines
from planbank.exports.zip_file import Member, ends, length
from planbank.house import House
from planbank.services.export.choose import within_reach
from planbank.takeout.models import Export, ExportFile
from planbank.takeout.selection import Selection

F = ExportFile.State
LEAFLET, LIST = "README.txt", "files.csv"
PORTION = 2000


def out_of_reach(row: Export, at: datetime) -> bool:
    """Whether something that is laid out may no longer be taken by who asked."""
    laid = row.files.filter(state=F.READY)
    return laid.exclude(instance__in=reached(row, at).values("pk")).exists()


@transaction.atomic
def lay_out(house: House, row: Export) -> None:
    """Give every object its place and make the export ready."""
    at = house.clock.now()
    row.files.filter(state=F.READY).exclude(instance__in=reached(row, at).values("pk")).update(
        state=F.WITHHELD, reason="out-of-reach", offset=None
    )
    layout = row.layout + 1
    leaflet = _keep(house, row, layout, LEAFLET, [_leaflet(row, at)], 0)
    at_byte = length(LEAFLET, leaflet["size"])
    count, portion = 2, []
    for file in _ready(row):
        file.offset = at_byte
        at_byte += length(file.name, file.size)
        count += 1
        portion.append(file)
        if len(portion) == PORTION:
            ExportFile.objects.bulk_update(portion, ["offset"])
            portion = []
    ExportFile.objects.bulk_update(portion, ["offset"])
    listed = _keep(house, row, layout, LIST, lines(_heads(row), _lines(row)), at_byte)
    for old in row.extras:
        house.store.erase(old["key"])
    row.extras, row.layout = [leaflet, listed], layout
    whole = ends(members_of(row, 0))
    row.state, row.ready_at, row.members = Export.State.READY, at, count
    row.size, row.directory, row.directory_size = whole.size, whole.directory, whole.directory_size
    row.save()


def members_of(row: Export, start: int) -> Iterator[Member]:
    """The members that end after byte `start`, in order."""
    leaflet, listed = (Member(one["name"], one["size"], one["crc"], one["offset"]) for one in row.extras)
    if leaflet.end > start:
        yield leaflet
    files = row.files.filter(state=F.READY, offset__isnull=False).order_by("offset")
    # The one that `start` lies in begins before it, at most its own length.
    first = files.filter(offset__lte=start).order_by("-offset").values_list("offset", flat=True).first()
    if first is not None:
        files = files.filter(offset__gte=first)
    for name, size, crc, offset in files.values_list("name", "size", "crc", "offset").iterator(PORTION):
        member = Member(name, size, crc, offset)
        if member.end > start:
            yield member
    if listed.end > start:
        yield listed


def reached(row: Export, at: datetime) -> QuerySet[Instance]:
    """The instances that who asked may take out now."""
    assert row.asked_by is not None
    selection = Selection(institutions=Selection.read(row.selection).institutions)
    return within_reach(row.asked_by, at, row.owner, row.form, selection)


def _ready(row: Export) -> Iterator[ExportFile]:
    yield from row.files.filter(state=F.READY).order_by("name").iterator(PORTION)


def _heads(row: Export) -> list[str]:
    heads = ["file", "sha256", "bytes", "patient", "trial_id", "centre", "modality", "protocol"]
    return [*heads, "content_hash"] if row.form == Export.Form.RAW else heads


def _lines(row: Export) -> Iterator[list[object]]:
    files = (
        row.files.filter(state=F.READY)
        .order_by("name")
        .select_related("version", "protocol", "patient_file__institution")
    )
    for one in files.iterator(PORTION):
        cells: list[object] = [one.name, one.sha256, one.size, one.pseudonym, one.trial_id]
        cells += [one.patient_file.institution.code, one.version.modality]
        cells.append(one.protocol.short_name if one.protocol else "")
        yield [*cells, one.version.content_hash] if row.form == Export.Form.RAW else cells


def _leaflet(row: Export, at: datetime) -> str:
    """What these files are and what they may be used for, in plain words."""
    said = [
        _("%(name)s: %(title)s") % {"name": row.owner.short_name, "title": row.owner.title},
        _("Purpose: %(text)s") % {"text": row.purpose},
        _("Given to: %(text)s") % {"text": row.recipient or "-"},
        _("Form: %(text)s") % {"text": row.get_form_display()},
        _("As of: %(text)s") % {"text": at.isoformat(timespec="seconds")},
        _("files.csv lists every file with its SHA-256. Use the files for this purpose only."),
    ]
    return "\n".join([*said, ""])


def _keep(
    house: House, row: Export, layout: int, name: str, texts: Iterable[str], offset: int
) -> dict[str, object]:
    """Write a text into the store; where it stands, with its sums."""
    part, size, crc = house.store.part(), 0, 0
    try:
        for text in texts:
            data = text.encode()
            part.write(data)
            size, crc = size + len(data), zlib.crc32(data, crc)
        key = derived_key(hashlib.sha256(f"export {row.pk} {layout} {name}".encode()).hexdigest(), "txt")
        house.store.erase(key)  # of a try that ended before it was committed
        part.keep(key)
    finally:
        part.drop()
    house.store.settle()
    return {"name": name, "key": key, "size": size, "crc": crc, "offset": offset}
