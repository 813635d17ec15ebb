"""The service hand_out.

Comes in: a copy that is made, for an observer whose centre has a node. Goes out: its objects at that node, by
the same associations, pauses and rules as forwards (R89, R91); what the node took is not sent twice. Where
there is no node, nothing is done: a link is given out by a person.
"""

from __future__ import annotations

from collections.abc import Iterator

from planbank.audits.acting import LANE, why_not_out
from planbank.audits.models import AuditStudy, Copy
from planbank.delivery.models import Destination
from planbank.delivery.rules import why_not
from planbank.house import House
from planbank.pipeline.registry import Done, Later, Result, Subject, service
from planbank.services.forward.backing_off import pause
from planbank.services.forward.loop import held

C = Copy.State
GOING = (C.MADE, C.SENT)


def subjects() -> Iterator[Subject]:
    """Copies on their way to a node."""
    for pk in Copy.objects.filter(state__in=GOING).values_list("pk", flat=True):
        yield pk, LANE


@service(subject="audit copy", version=1, subjects=subjects, after=["copy"])
def hand_out(house: House, copy_id: int) -> Result:
    """Brings audit copies to the centres' nodes"""
    # Loaded by who sends: no other process waits for it.
    from planbank.services.hand_out.send import end, send

    rows = Copy.objects.select_related("study__protocol", "case__patient_file", "observer", "centre")
    row = rows.filter(pk=copy_id, state__in=GOING, study__state=AuditStudy.State.OPEN).first()
    destination = _destination(row) if row is not None else None
    if row is None or destination is None:
        return Done("nothing to send")
    if said := why_not_out(row) or why_not(destination, row.study.protocol, None, house.clock.now()):
        return end(row, said)
    if destination.is_paused:
        return Later(house.clock.now() + pause(8), "The node is paused.")
    with held(destination.pk) as mine:
        if not mine:
            return Later(house.clock.now() + pause(1), "The node is being sent to.")
        return send(house, row, destination)


def _destination(row: Copy) -> Destination | None:
    """The observer's node; of a centre's copy, the first that one of its observers has."""
    if row.observer is not None:
        found = row.observer.destination
    else:
        here = row.study.observers.filter(centre=row.centre_id, is_active=True, destination__isnull=False)
        first = here.select_related("destination__institution").first()
        found = first.destination if first else None
    return found
