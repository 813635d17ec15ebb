"""How far protocols have come (R44, R45)."""

from __future__ import annotations

from datetime import datetime, timedelta

from planbank.house import House
from planbank.protocols.queries.progress import per_centre, sizes
from tests.protocols.rows import ProtocolRows


def test_counts_of_a_protocol_and_of_its_centres(bank: House, now: datetime) -> None:
    rows = ProtocolRows(now - timedelta(days=1))
    protocol = rows.protocol("BRAIN")
    assert per_centre(protocol, now) == []
    for code in ("AUH", "OUH"):
        rows.centre(protocol, code)
    rows.join(protocol, rows.small_plan("AUH", "0101501234"))
    assert (
        sizes([protocol.pk], now)[protocol.pk].patients,
        sizes([protocol.pk], now)[protocol.pk].centres,
    ) == (1, 2)
    # Without a list of participants nobody is unexpected.
    assert [(c.code, c.patients, c.plans, c.unexpected) for c in per_centre(protocol, now)] == [
        ("AUH", 1, 1, 0),
        ("OUH", 0, 0, 0),
    ]
    rows.participant(protocol, "B-1", "OUH")
    assert [(c.expected, c.received, c.unexpected) for c in per_centre(protocol, now)] == [
        (0, 0, 1),
        (1, 0, 0),
    ]
    assert [c.code for c in per_centre(protocol, now, {rows.institution("OUH").pk})] == ["OUH"]
