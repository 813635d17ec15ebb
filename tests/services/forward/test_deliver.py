"""Objects to destinations that go down, refuse, abort and stall (R91, R193; security.md, fault 21)."""

from __future__ import annotations

import shutil
import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from pydicom import dcmread
from pydicom.uid import ExplicitVRLittleEndian, ImplicitVRLittleEndian
from pynetdicom import evt

from planbank.archive.names import object_key
from planbank.catalogue.models import InstanceVersion
from planbank.delivery import asking
from planbank.delivery.models import Delivery, Destination, Forward
from planbank.delivery.progress import progress_of
from planbank.house import House
from planbank.journal.models import Entry
from planbank.messages.models import Event
from planbank.protocols.act import Act
from planbank.protocols.models import Agreement, Enrolment, Participant, Protocol
from planbank.services.forward.deliver import deliver
from planbank.services.forward.run import forward
from tests.protocols.rows import ProtocolRows
from tests.sending import ct, encoded
from tests.services.forward.peers import Receiver, free_port, orthanc, storescp
from tests.services.forward.rows import (
    arrive,
    asked,
    destination_at,
    go,
    images,
    later,
    protocol_with,
    states,
)

ORTHANC = shutil.which("Orthanc")


@pytest.fixture
def proton(bank: House) -> Protocol:
    return protocol_with(bank)


@pytest.fixture
def receiver() -> Iterator[Callable[..., Receiver]]:
    """Receivers that are stopped in the end."""
    made: list[Receiver] = []

    def start(**how: Any) -> Receiver:
        made.append(Receiver(**how).start())
        return made[-1]

    yield start
    for one in made:
        one.stop()


@pytest.fixture
def whole(bank: House, proton: Protocol) -> House:
    """Five images are here, and nothing more is awaited."""
    arrive(bank, images())
    later(bank, hours=3)
    return bank


def test_every_object_arrives_byte_for_byte_and_once(
    whole: House, proton: Protocol, receiver: Callable[..., Receiver]
) -> None:
    peer = receiver()
    row = asked(whole, proton, there := destination_at(whole, peer.port))
    assert go(whole, there) == 5 and states(row) == {"delivered": 5}
    assert sorted(peer.came) == sorted((ds.SOPInstanceUID, encoded(ds)) for ds in images())
    assert go(whole, there) == 0
    event = Event.objects.get(kind="forwarded")
    assert (event.params["delivered"], event.params["objects"]) == (5, 5)
    assert event.institution.code == "OUH"  # type: ignore[union-attr]
    entry = Entry.objects.get(action="forward")
    assert (entry.protocol, entry.purpose) == ("PROTON", "To decide about protons")
    assert Entry.objects.get(action="forwarded").detail["of"] == 5


def test_each_transfer_syntax_goes_as_it_came(
    bank: House, proton: Protocol, receiver: Callable[..., Receiver]
) -> None:
    first, second = images(2)
    arrive(bank, [first], syntax=ImplicitVRLittleEndian)
    arrive(bank, [second])
    peer = receiver()
    asked(bank, proton, there := destination_at(bank, peer.port))
    go(bank, there)
    assert dict(peer.came) == {
        first.SOPInstanceUID: encoded(first, ImplicitVRLittleEndian),
        second.SOPInstanceUID: encoded(second),
    }


def test_a_syntax_it_does_not_take_is_said_and_never_converted(
    bank: House, proton: Protocol, receiver: Callable[..., Receiver]
) -> None:
    first, second = images(2)
    arrive(bank, [first], syntax=ImplicitVRLittleEndian)
    arrive(bank, [second])
    later(bank, hours=3)
    peer = receiver(syntaxes=(ImplicitVRLittleEndian,))
    row = asked(bank, proton, there := destination_at(bank, peer.port))
    go(bank, there)
    assert [uid for uid, _data in peer.came] == [first.SOPInstanceUID]
    refused = Delivery.objects.get(state="refused")
    assert (refused.version.transfer_syntax_uid, refused.reason) == (ExplicitVRLittleEndian, "not-accepted")
    event = Event.objects.get(kind="forward-failed")
    assert (event.params["failed"], event.params["reason"]) == (1, "not-accepted")
    assert progress_of([row.pk])[row.pk].state == "problem" and not Event.objects.filter(kind="forwarded")


def test_one_of_five_is_refused_with_its_status_and_sent_again_alone(
    whole: House, proton: Protocol, receiver: Callable[..., Receiver]
) -> None:
    peer = receiver(refuse={"1.2.3.4.5.3": 0xC123})
    row = asked(whole, proton, there := destination_at(whole, peer.port))
    go(whole, there)
    assert states(row) == {"delivered": 4, "refused": 1}
    assert Delivery.objects.get(state="refused").status == 0xC123
    later(whole, days=1)
    assert go(whole, there) == 0 and peer.asked == 5
    peer.refuse.clear()
    assert asking.resend(Act.of_service("test", whole.clock.now()), row) == 1
    assert go(whole, there) == 1 and peer.asked == 6 and states(row) == {"delivered": 5}
    assert Event.objects.filter(kind="forwarded").count() == 1


def test_out_of_resources_is_tried_again_by_itself(
    whole: House, proton: Protocol, receiver: Callable[..., Receiver]
) -> None:
    peer = receiver(refuse={"1.2.3.4.5.3": 0xA700})
    row = asked(whole, proton, there := destination_at(whole, peer.port))
    go(whole, there)
    assert states(row) == {"delivered": 4, "waiting": 1}
    peer.refuse.clear()
    later(whole, minutes=1)
    go(whole, there)
    assert states(row) == {"delivered": 5}


def test_it_is_down_for_ten_minutes_and_everything_arrives_once(
    whole: House, proton: Protocol, receiver: Callable[..., Receiver]
) -> None:
    """R193: retries, delivered once."""
    port = free_port()
    row = asked(whole, proton, there := destination_at(whole, port))
    tries = 0
    for _second in range(600):
        there.refresh_from_db()
        if there.retry_at is None or there.retry_at <= whole.clock.now():
            assert go(whole, there) == 0
            tries += 1
        later(whole, seconds=1)
    assert 5 <= tries <= 12
    there.refresh_from_db()
    assert (there.problem, there.failures) == ("refused", tries)
    told = Event.objects.filter(kind="forward-failed")
    assert [(e.institution.code, e.params["waiting"]) for e in told if e.institution] == [("OUH", 5)]
    peer = receiver(port=port)
    later(whole, minutes=15)
    go(whole, there)
    assert states(row) == {"delivered": 5} and len(peer.came) == 5
    there.refresh_from_db()
    assert (there.problem, there.failures, there.retry_at) == ("", 0, None)


def test_after_days_it_is_given_up_and_can_be_sent_again(whole: House, proton: Protocol) -> None:
    row = asked(whole, proton, there := destination_at(whole, free_port()))
    go(whole, there)
    later(whole, hours=73)
    go(whole, there)
    assert states(row) == {"failed": 5}
    assert Event.objects.filter(kind="forward-failed", params__failed=5).exists()


def test_an_abort_in_the_middle_loses_and_doubles_nothing(
    whole: House, proton: Protocol, receiver: Callable[..., Receiver]
) -> None:
    peer = receiver(abort_at={3})
    row = asked(whole, proton, there := destination_at(whole, peer.port))
    assert go(whole, there) == 2
    assert states(row) == {"delivered": 2, "waiting": 3}
    later(whole, minutes=1)
    assert go(whole, there) == 3
    assert sorted(uid for uid, _data in peer.came) == [f"1.2.3.4.5.{n}" for n in range(1, 6)]


def test_an_object_that_never_gets_an_answer_holds_up_no_other(
    whole: House, proton: Protocol, receiver: Callable[..., Receiver]
) -> None:
    peer = receiver()
    store = peer.store

    def break_at_the_second(event: Any) -> int:
        if str(event.request.AffectedSOPInstanceUID) == "1.2.3.4.5.2":
            event.assoc.abort()
            return 0xC000
        return store(event)

    peer.server.unbind(evt.EVT_C_STORE, peer.store)
    peer.server.bind(evt.EVT_C_STORE, break_at_the_second)
    row = asked(whole, proton, there := destination_at(whole, peer.port))
    for _try in range(12):
        go(whole, there)
        later(whole, minutes=15)
    assert states(row) == {"delivered": 4, "failed": 1}
    assert Delivery.objects.get(state="failed").reason == "no-answer"


def test_a_stalling_destination_ends_by_its_deadline(
    whole: House, proton: Protocol, receiver: Callable[..., Receiver], monkeypatch: pytest.MonkeyPatch
) -> None:
    quick = whole.settings.model_copy(update={"forward_timeout": 0.5})
    house = replace(whole, settings=quick)
    peer = receiver(stall=threading.Event())
    row = asked(house, proton, there := destination_at(house, peer.port))
    assert go(house, there) == 0 and states(row) == {"waiting": 5}
    assert peer.stall is not None
    peer.stall.set()
    peer.stall = None
    later(house, minutes=1)
    go(house, there)
    assert states(row) == {"delivered": 5}


def test_what_was_on_its_way_when_the_process_died_goes_again(
    whole: House, proton: Protocol, receiver: Callable[..., Receiver]
) -> None:
    peer = receiver()
    row = asked(whole, proton, there := destination_at(whole, peer.port))
    Delivery.objects.filter(version__sop_instance_uid="1.2.3.4.5.1").update(state="sending", attempts=1)
    go(whole, there)
    assert states(row) == {"delivered": 5}


def test_the_same_content_never_goes_twice_and_a_new_version_replaces(
    whole: House, proton: Protocol, receiver: Callable[..., Receiver]
) -> None:
    peer = receiver()
    row = asked(whole, proton, there := destination_at(whole, peer.port))
    go(whole, there)
    arrive(whole, images())
    arrive(whole, images()[:1], syntax=ImplicitVRLittleEndian)  # re-exported: the same content
    changed = images()[1]
    changed.PatientPosition = "HFS"
    arrive(whole, [changed])
    later(whole, hours=3)
    forward(whole, row.patient_file_id)
    assert go(whole, there) == 1
    assert peer.came[-1] == (changed.SOPInstanceUID, encoded(changed)) and len(peer.came) == 6
    newest = Delivery.objects.order_by("-pk")[0]
    assert newest.replaces is not None and newest.replaces.version.sop_instance_uid == changed.SOPInstanceUID
    assert progress_of([row.pk])[row.pk].replacing == 1


def test_two_protocols_share_what_went_there(
    whole: House, proton: Protocol, receiver: Callable[..., Receiver]
) -> None:
    peer = receiver()
    asked(whole, proton, there := destination_at(whole, peer.port))
    rows = ProtocolRows(whole.clock.now())
    second = rows.protocol("SECOND")
    rows.centre(second, "OUH")
    agreed = Agreement.objects.get()
    agreed.pk, agreed.protocol = None, second
    agreed.save()
    other = asked(whole, second, there)
    assert go(whole, there) == 5 and states(other) == {"delivered": 5} and len(peer.came) == 5
    assert Event.objects.filter(kind="forwarded").count() == 2


@pytest.mark.parametrize("what", ["withdrawn", "agreement", "off", "closed", "removed consent"])
def test_what_changed_meanwhile_counts_when_the_object_goes(
    whole: House, proton: Protocol, receiver: Callable[..., Receiver], what: str
) -> None:
    peer = receiver()
    row = asked(whole, proton, there := destination_at(whole, peer.port))
    now, patient = whole.clock.now(), row.patient_file.patient
    if what == "withdrawn":
        Enrolment.objects.create(
            protocol=proton, patient=patient, state="withdrawn", enrolled_at=now, state_at=now, via="user"
        )
    elif what == "removed consent":
        Participant.objects.create(
            protocol=proton,
            patient=patient,
            institution=row.institution,
            trial_id="P-1",
            consent="withdrawn",
            added_at=now,
        )
    elif what == "agreement":
        Agreement.objects.update(valid_until=now.date() - timedelta(days=1))
    elif what == "off":
        Destination.objects.update(is_active=False)
    else:
        Protocol.objects.update(status="closed", closed_at=now)
    assert go(whole, there) == 0 and peer.asked == 0
    assert states(row) == {"withheld": 5} and not Entry.objects.filter(action="forward").exists()


def test_pausing_in_the_middle_stops_after_the_object_on_its_way(
    whole: House, proton: Protocol, receiver: Callable[..., Receiver]
) -> None:
    peer = receiver()
    row = asked(whole, proton, there := destination_at(whole, peer.port))
    act = Act.of_service("test", whole.clock.now())

    class Stop:
        """Pauses the forward once two objects came; in the sender's own thread."""

        def is_set(self) -> bool:
            if len(peer.came) == 2:
                asking.pause(act, Forward.objects.get(pk=row.pk))
            return False

    deliver(whole, there.pk, Stop())  # type: ignore[arg-type]
    assert states(row) == {"delivered": 2, "waiting": 3}
    asking.resume(act, Forward.objects.get(pk=row.pk))
    go(whole, there)
    assert states(row) == {"delivered": 5} and len(peer.came) == 5


def test_a_cancelled_forward_goes_no_further_and_can_be_taken_up(
    whole: House, proton: Protocol, receiver: Callable[..., Receiver]
) -> None:
    peer = receiver()
    row = asked(whole, proton, there := destination_at(whole, peer.port))
    act = Act.of_service("test", whole.clock.now())
    assert asking.cancel(act, row) == 5
    assert go(whole, there) == 0 and states(row) == {"cancelled": 5}
    asking.resend(act, Forward.objects.get(pk=row.pk))
    go(whole, there)
    assert states(row) == {"delivered": 5}


def test_what_the_archive_lost_is_said(
    whole: House, proton: Protocol, receiver: Callable[..., Receiver]
) -> None:
    peer = receiver()
    row = asked(whole, proton, there := destination_at(whole, peer.port))
    lost = InstanceVersion.objects.get(sop_instance_uid="1.2.3.4.5.4")
    whole.store.erase(object_key(lost.content_hash))
    go(whole, there)
    assert states(row) == {"delivered": 4, "failed": 1}
    assert Delivery.objects.get(state="failed").reason == "missing"


def test_storescp_goes_down_in_the_middle_and_comes_back(
    bank: House, proton: Protocol, tmp_path: Path
) -> None:
    arrive(bank, [ct(SOPInstanceUID=f"1.2.3.4.5.{n}") for n in range(1, 41)])
    later(bank, hours=3)
    port, folder = free_port(), tmp_path / "came"
    row = asked(bank, proton, there := destination_at(bank, port))
    with storescp(folder, port) as peer:

        class Stop:
            """Kills the peer once ten objects came."""

            def is_set(self) -> bool:
                if Delivery.objects.filter(state="delivered").count() >= 10:
                    peer.kill()
                    peer.wait()
                return False

        deliver(bank, there.pk, Stop())  # type: ignore[arg-type]
    assert 10 <= states(row)["delivered"] < 40
    with storescp(folder, port):
        later(bank, minutes=1)
        go(bank, there)
    assert states(row) == {"delivered": 40}
    files = list(folder.iterdir())
    assert {dcmread(file).SOPInstanceUID for file in files} == {f"1.2.3.4.5.{n}" for n in range(1, 41)}
    assert Event.objects.filter(kind="forwarded", params__objects=40).count() == 1


def test_orthanc_keeps_the_bytes(whole: House, proton: Protocol, tmp_path: Path) -> None:
    port = free_port()
    with orthanc(str(ORTHANC), tmp_path / "orthanc", port) as call:
        row = asked(whole, proton, there := destination_at(whole, port))
        go(whole, there)
        assert states(row) == {"delivered": 5}
        files = [call(f"/instances/{one}/file") for one in call("/instances")]
    wanted = {encoded(ds) for ds in images()}
    assert len(files) == 5 and all(any(file.endswith(data) for data in wanted) for file in files)
