"""What is left of an export that is over: its record, and no bytes.

Comes in: the time. Goes out: de-identified files, leaflets and lists of ended exports erased from
the archive. What was taken is out of reach; the record says who has it.
"""

from __future__ import annotations

from django.db.models import Q

from planbank.house import House
from planbank.takeout.models import Export, ExportFile

S, F = Export.State, ExportFile.State
OVER = (S.SENT, S.REFUSED, S.CANCELLED, S.REVOKED)
PORTION = 5000


def remove_ended(house: House) -> int:
    """Erase the bytes that only ended exports have; returns how many. Safe to run twice at once."""
    count = 0
    over = Export.objects.filter(Q(state__in=OVER) | Q(until__lte=house.clock.now()))
    made = ExportFile.objects.filter(export__in=over, key__startswith="derived/")
    for file in made.order_by("pk")[:PORTION]:
        count += house.store.erase(file.key)
        state = file.state if file.accepted_at else F.WITHHELD
        ExportFile.objects.filter(pk=file.pk).update(key="", state=state, offset=None)
    for row in over.exclude(extras=[]):
        count += sum(house.store.erase(one["key"]) for one in row.extras)
        Export.objects.filter(pk=row.pk).update(extras=[])
    return count
