"""The service push.

Comes in: an export that is prepared and has a node. Goes out: its objects at that node, by the associations,
pauses and rules of forwards; what the node took is not sent twice, what it refuses is told and the rest goes
on (R113, R115). Where there is no node nothing is done: who asked downloads the files.
"""

from __future__ import annotations

from collections.abc import Iterator

from planbank.delivery.rules import why_not_export
from planbank.house import House
from planbank.pipeline.registry import Done, Later, Result, Subject, service
from planbank.services.forward.backing_off import pause
from planbank.services.forward.loop import held
from planbank.takeout.asking import LANE
from planbank.takeout.models import Export


def subjects() -> Iterator[Subject]:
    """Every export on its way to a node."""
    rows = Export.objects.filter(state=Export.State.READY, destination__isnull=False, sent_at=None)
    for pk in rows.values_list("pk", flat=True):
        yield pk, LANE


@service(subject="export", version=1, subjects=subjects, after=["export"])
def push(house: House, export_id: int) -> Result:
    """Sends exports to registered nodes"""
    # Loaded by who sends: no other process waits for it.
    from planbank.services.push.send import give_up, send

    rows = Export.objects.select_related("protocol", "project", "asked_by", "destination__institution")
    row = rows.filter(pk=export_id, state=Export.State.READY, sent_at=None).first()
    destination = row.destination if row is not None else None
    now = house.clock.now()
    if row is None or destination is None or row.is_over(now) or row.asked_by is None:
        return Done("nothing to send")
    if said := why_not_export(destination, row.owner, now):
        return give_up(house, row, said)
    if destination.is_paused:
        return Later(now + pause(8), "The node is paused.")
    with held(destination.pk) as mine:
        if not mine:
            return Later(now + pause(1), "The node is being sent to.")
        return send(house, row, destination)
