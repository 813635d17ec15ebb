"""How far protocols have come (R44, R45)."""

from __future__ import annotations

from datetime import datetime, timedelta

from planbank.catalogue.models import Finding
from planbank.house import House
from planbank.protocols.models import Protocol
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


def test_what_a_centre_sent_lacks(bank: House, now: datetime) -> None:
    """R45: so that managers act early. Of this protocol alone, and no longer once it came."""
    rows = ProtocolRows(now - timedelta(days=1))
    protocol, other = rows.protocol("BRAIN"), rows.protocol("HEART")
    rows.centre(protocol, "AUH")
    plan = rows.join(protocol, rows.small_plan("AUH", "0101501234"))
    alone = rows.small_plan("AUH", "0202501234")  # stands in no protocol
    instance = plan.members.exclude(instance=None).values_list("instance", flat=True)[0]

    def found(code: str, kind: str, subject: int, about: str = "") -> Finding:
        values = {"source": "test", "subject_kind": kind, "subject_id": subject, "opened_at": now}
        return Finding.objects.create(patient_file=plan.patient_file, code=code, about=about, **values)

    def lacks(of: Protocol = protocol) -> tuple[int, int, bool]:
        (centre,) = per_centre(of, now)
        return centre.no_images, centre.no_structures, centre.lacks

    assert lacks() == (0, 0, False)
    found("types-missing", "plan set", plan.pk, "HEART")
    found("types-missing", "plan set", alone.pk, "BRAIN")
    assert lacks() == (0, 0, False), "another protocol's, or of a plan that stands elsewhere"
    names = found("types-missing", "plan set", plan.pk, "BRAIN")
    images = found("images-missing", "instance", instance)
    assert lacks() == (1, 1, True)
    rows.centre(other, "AUH")
    assert lacks(other) == (0, 0, False)
    Finding.objects.filter(pk__in=[names.pk, images.pk]).update(closed_at=now)
    assert lacks() == (0, 0, False)
