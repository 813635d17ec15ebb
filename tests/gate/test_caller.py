"""What a parcel says of whoever sent it."""

from __future__ import annotations

from datetime import UTC, datetime

from planbank.gate.caller import Caller

NOW = datetime(2026, 11, 17, 8, 30, tzinfo=UTC)


def test_a_header_carries_who_when_and_what() -> None:
    caller = Caller("a" * 32, "10.1.2.3", "TPS", "PLANBANK", "cafe", known=True)
    header = caller.header("object", NOW, "1.2", "1.2.3", "1.2.840.10008.1.2")
    assert (header.kind, header.association_id, header.address) == ("object", "a" * 32, "10.1.2.3")
    assert (header.calling_ae, header.called_ae, header.certificate) == ("TPS", "PLANBANK", "cafe")
    assert (header.sop_class_uid, header.sop_instance_uid) == ("1.2", "1.2.3")
    assert header.transfer_syntax_uid == "1.2.840.10008.1.2"
    assert header.received_at == "2026-11-17T08:30:00.000000+00:00"
    assert header.sender_known


def test_each_parcel_has_an_id_of_its_own_in_order_of_time() -> None:
    caller = Caller("a" * 32, "10.1.2.3")
    first = {caller.header("event", NOW).parcel_id for _ in range(50)}
    later = caller.header("event", NOW.replace(second=1)).parcel_id
    assert len(first) == 50
    assert max(first) < later
