"""Refusals told to the institution: what is in them, what never is, and how many."""

from __future__ import annotations

import errno
from typing import TYPE_CHECKING

from planbank.gate.caller import Caller
from planbank.gate.clock import machine_time
from planbank.gate.events import Events

if TYPE_CHECKING:
    import pytest

    from tests.gate.conftest import Transit

CALLER = Caller("b" * 32, "10.1.2.3", "TPS", "PLANBANK", known=True)


def test_an_event_is_a_parcel_that_says_what_and_why(transit: Transit) -> None:
    Events(transit.tray, machine_time).refused(CALLER, "object", "A700", "The disk is full.", "1.2", "1.2.3")
    [(header, _)] = transit.parcels()
    [event] = transit.events()
    assert (header.kind, header.association_id, header.calling_ae) == ("event", "b" * 32, "TPS")
    assert (header.sop_class_uid, header.sop_instance_uid) == ("", "")
    assert event == {
        "what": "object",
        "status": "A700",
        "reason": "The disk is full.",
        "sop_class_uid": "1.2",
        "sop_instance_uid": "1.2.3",
        "at": header.received_at,
    }


def test_what_is_no_uid_does_not_get_in(transit: Transit) -> None:
    Events(transit.tray, machine_time).refused(CALLER, "object", "A900", "Malformed.", "HANSEN^JENS", "../1")
    [event] = transit.events()
    assert (event["sop_class_uid"], event["sop_instance_uid"]) == ("", "")


def test_a_scanner_cannot_fill_the_disk(transit: Transit) -> None:
    ticks = [0.0]
    events = Events(transit.tray, machine_time, per_address=3, ticks=lambda: ticks[0])
    for _ in range(50):
        events.refused(CALLER, "association", "1/1/7", "Wrong title.")
    assert len(transit.events()) == 3
    events.refused(Caller("c" * 32, "10.9.9.9"), "association", "1/1/7", "Wrong title.")
    assert len(transit.events()) == 4

    ticks[0] += 10.0
    for _ in range(5):
        events.refused(CALLER, "association", "1/1/7", "Wrong title.")
    reasons = [event["reason"] for event in transit.events()]
    assert len(reasons) == 5
    assert "Wrong title. (47 more refusals from this address were not reported.)" in reasons


def test_a_full_disk_stops_nobody(
    transit: Transit, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(transit.tray, "put", full)
    Events(transit.tray, machine_time).refused(CALLER, "object", "A700", "The disk is full.")
    assert "could not be reported" in caplog.text
