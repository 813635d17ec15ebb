"""`planbank withdrawals`: the dry run of what the clock will delete.

Comes in: a house. Goes out: a line for each withdrawal that has a date, soonest first, without names.
"""

from __future__ import annotations

from collections.abc import Iterator

from planbank.house import House


def lines(house: House) -> Iterator[str]:
    """Protocol, number of the enrolment, pseudonym, when."""
    from planbank.protocols.models import Enrolment

    rows = Enrolment.objects.filter(state=Enrolment.State.WITHDRAWN, delete_after__isnull=False)
    now, none = house.clock.now(), True
    for row in rows.select_related("protocol").order_by("delete_after", "pk"):
        none = False
        when = "now" if row.delete_after <= now else f"after {row.delete_after:%Y-%m-%d %H:%M}"
        yield f"{row.protocol.short_name}: enrolment {row.pk} ({row.pseudonym or 'no pseudonym'}), {when}"
    if none:
        yield "no withdrawal waits"
