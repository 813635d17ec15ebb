"""`planbank clean`: what goes because it stands in no protocol; with --dry-run nothing is changed (R31).

Comes in: a house. Goes out: a line for each patient file with a date, soonest first, without names, and a
line for each institution. Deletion itself is the work process's.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from datetime import timedelta

from planbank.house import House


def lines(house: House, days: int) -> Iterator[str]:
    """What goes within `days`, and when at the earliest."""
    from planbank.erasure.ageing import goes_for_certain
    from planbank.erasure.models import Ageing

    now = house.clock.now()
    rows = Ageing.objects.select_related("institution").order_by("goes_at", "pk")
    sums: dict[str, list[int]] = defaultdict(lambda: [0, 0, 0])
    for row in rows.filter(goes_at__lte=now + timedelta(days=days)).iterator(1000):
        when = goes_for_certain(row, now)
        said = "now" if when <= now else f"not before {when:%Y-%m-%d %H:%M} UTC"
        code = row.institution.code
        kept = f", {row.kept_count} kept" if row.kept_count else ""
        yield f"{code}: patient file {row.patient_file_id}, {row.objects_count} objects{kept}, {said}"
        for place, n in enumerate((1, row.objects_count, row.size)):
            sums[code][place] += n
    for code, (files, objects, size) in sorted(sums.items()):
        yield f"{code}: {files} patient files, {objects} objects, {size / 1e6:.1f} MB within {days} days"
    if not sums:
        yield f"nothing is to go within {days} days"


def carry_out(house: House) -> Iterator[str]:
    """Warn and begin what is due, as the clock does by itself."""
    from planbank.erasure.ageing import carry_on, warn

    told, begun = warn(house), carry_on(house)
    yield f"{told} warnings given, deletion of {begun} patient files begun"
