"""The service export.

Comes in: an export that was approved. Goes out: its objects prepared one after the other, a portion at a time
so that new arrivals go between; what cannot be prepared is told and the rest goes on (R115). At the end it is
laid out and who asked is told.
"""

from __future__ import annotations

import time
from collections.abc import Iterator

from django.utils import timezone

from planbank.errors import KeyMissing
from planbank.house import House
from planbank.messages.models import Event, EventKind
from planbank.pipeline.due import BACKGROUND, make_due
from planbank.pipeline.registry import Done, Failed, Later, Result, Subject, service
from planbank.services.export.choose import choose
from planbank.services.export.forms import FORMS, Unfit
from planbank.services.export.layout import lay_out
from planbank.takeout.asking import LANE
from planbank.takeout.models import Export, ExportFile

F = ExportFile.State
SECONDS, PORTION = 15.0, 200


def subjects() -> Iterator[Subject]:
    """Every export that is being prepared: what ended is never made anew."""
    for pk in Export.objects.filter(state=Export.State.PREPARING).values_list("pk", flat=True):
        yield pk, LANE


@service(subject="export", version=1, subjects=subjects)
def export(house: House, export_id: int) -> Result:
    """Prepares files that somebody may take out"""
    row = Export.objects.select_related("asked_by", "protocol", "project").filter(pk=export_id).first()
    if row is None or row.state != Export.State.PREPARING:
        return Done("nothing to prepare")
    if row.asked_by is None or row.until <= house.clock.now():
        return Done("nobody can take it any more")
    if row.chosen_at is None:
        choose(row, house.clock.now())
        Export.objects.filter(pk=row.pk).update(chosen_at=house.clock.now())
        return Later(house.clock.now(), "its objects are looked up")
    try:
        prepare = FORMS[row.form](house, row)
    except KeyMissing:
        return Failed("The key of the vault is not here. Put it back from the backup of the key folder.")
    begun = time.monotonic()
    while time.monotonic() - begun < SECONDS:
        waiting = list(row.files.filter(state=F.WAITING).select_related("version").order_by("pk")[:PORTION])
        if not waiting:
            lay_out(house, row)
            if row.destination_id is None:
                _tell(house, row)
            else:
                make_due("push", [(row.pk, LANE)], house.clock.now(), priority=BACKGROUND)
            return Done()
        for file in waiting:
            try:
                made = prepare(file)
            except Unfit as exc:
                file.state, file.reason = F.FAILED, exc.code
            else:
                file.state, file.reason, file.key = F.READY, "", made.key
                file.size, file.crc, file.sha256 = made.size, made.crc, made.sha256
        columns = ["state", "reason", "key", "size", "crc", "sha256"]
        ExportFile.objects.bulk_update(waiting, columns)
    return Later(house.clock.now(), "more of it waits")


def _tell(house: House, row: Export) -> None:
    Event.objects.get_or_create(
        key=f"export-ready:{row.pk}:{row.layout}",
        defaults={
            "at": house.clock.now(),
            "kind": EventKind.EXPORT_READY,
            "user": row.asked_by,
            "params": {
                "name": row.owner.short_name,
                "export": row.pk,
                "count": row.members - 2,
                "day": timezone.localtime(row.last_moment).date().isoformat(),
            },
        },
    )
