"""commit: what a sender is told of its objects, whatever dies in between (R21; PS3.4 Annex J)."""

from __future__ import annotations

import json
import threading
from typing import Any

import pytest
from pydicom.uid import ExplicitVRBigEndian, ExplicitVRLittleEndian, ImplicitVRLittleEndian

from planbank.archive.names import object_key
from planbank.catalogue.models import Commitment, InstanceVersion
from planbank.house import House
from planbank.journal.models import Entry
from planbank.messages.models import Event
from planbank.people.models import Sender
from planbank.services.commit import commit_forever, commit_once
from planbank.services.commit import run as commit_run
from planbank.services.register import register_once
from planbank.transit.answers import Answer
from tests.requests import deposit_report, deposit_request, request
from tests.sending import CT, ct, deposit, encoded, register_sender

MR = "1.2.840.10008.5.1.4.1.1.4"
NO_SUCH, CONFLICT, FAILURE = 0x0112, 0x0119, 0x0110
NO_TRANSACTION = encoded(request([(CT, "1.2")], "1.2.3.4")).replace(b"1.2.3.4", b"x/../y\0")


def answered(house: House, request_id: str) -> Answer:
    """Register, commit, and what the gate would find."""
    while register_once(house):
        pass
    while commit_once(house):
        pass
    answer = house.tray.answers.read(request_id)
    assert answer is not None
    return answer


def spoil(house: House, digest: str) -> None:
    """Other bytes where an object's bytes were."""
    kept: dict[str, bytes] = house.store._objects  # type: ignore[attr-defined]
    data = bytearray(kept[object_key(digest)])
    data[-1] ^= 1
    kept[object_key(digest)] = bytes(data)


@pytest.mark.parametrize("syntax", [ExplicitVRLittleEndian, ImplicitVRLittleEndian, ExplicitVRBigEndian])
def test_what_is_stored_is_safe(bank: House, syntax: str) -> None:
    register_sender()
    sent = [ct(SOPInstanceUID=f"1.2.3.{n}") for n in range(3)]
    for ds in sent:
        deposit(bank, ds)
    named = [(CT, str(ds.SOPInstanceUID)) for ds in sent]
    request_id = deposit_request(bank, request(named, "1.9.8"), syntax=syntax)
    answer = answered(bank, request_id)
    assert (answer.transaction_uid, answer.safe, answer.failed) == ("1.9.8", tuple(named), ())
    assert (answer.calling_ae, answer.called_ae) == ("TPS", "PLANBANK")
    row = Commitment.objects.get()
    assert (row.state, row.safe_count, row.failed_count) == ("answered", 3, 0)
    acts = Entry.objects.filter(object_kind="commitment").order_by("pk").values_list("action", "detail")
    assert list(acts) == [
        ("ask for storage commitment", {"objects": 3}),
        ("judge storage commitment", {"safe": 3, "failed": 0, "damaged": 0}),
    ]


def test_each_reason_why_an_object_is_not_safe(bank: House) -> None:
    register_sender()
    for uid in ("1.2.1", "1.2.2", "1.2.3", "1.2.4"):
        deposit(bank, ct(SOPInstanceUID=uid))
    while register_once(bank):
        pass
    digests = dict(InstanceVersion.objects.values_list("sop_instance_uid", "content_hash"))
    spoil(bank, digests["1.2.3"])
    bank.store.erase(object_key(digests["1.2.4"]))
    named = [(CT, "1.2.1"), (MR, "1.2.2"), (CT, "1.2.3"), (CT, "1.2.4"), (CT, "1.2.5")]
    answer = answered(bank, deposit_request(bank, request(named)))
    assert answer.safe == ((CT, "1.2.1"),)
    assert answer.failed == (
        (MR, "1.2.2", CONFLICT),
        (CT, "1.2.3", FAILURE),
        (CT, "1.2.4", FAILURE),
        (CT, "1.2.5", NO_SUCH),
    )
    event = Event.objects.get(kind="object-damaged")
    assert event.params["objects"] == 2
    assert "1.2.3" not in json.dumps(event.params)


def test_every_version_that_was_sent_must_be_whole(bank: House) -> None:
    register_sender()
    for label in ("A", "B"):
        deposit(bank, ct(SOPInstanceUID="1.2.1", SeriesDescription=label))
    while register_once(bank):
        pass
    older = InstanceVersion.objects.order_by("pk")[0]
    assert answered(bank, deposit_request(bank, request([(CT, "1.2.1")]))).failed == ()
    spoil(bank, older.content_hash)
    answer = answered(bank, deposit_request(bank, request([(CT, "1.2.1")])))
    assert answer.failed == ((CT, "1.2.1", FAILURE),)


def test_what_another_institution_sent_is_not_there(bank: House) -> None:
    """Nobody learns by asking what others hold (model.md, Tenancy)."""
    register_sender("OUH", "TPS", "10.0.0.0/24")
    register_sender("AAL", "OTHER", "10.0.1.0/24")
    deposit(bank, ct(SOPInstanceUID="1.2.1"), calling_ae="OTHER", address="10.0.1.5")
    deposit(bank, ct(SOPInstanceUID="1.2.2"))
    ours = answered(bank, deposit_request(bank, request([(CT, "1.2.1"), (MR, "1.2.1"), (CT, "1.2.2")])))
    assert ours.failed == ((CT, "1.2.1", NO_SUCH), (MR, "1.2.1", NO_SUCH))
    assert ours.safe == ((CT, "1.2.2"),)
    theirs = deposit_request(bank, request([(CT, "1.2.1")]), calling_ae="OTHER", address="10.0.1.5")
    assert answered(bank, theirs).safe == ((CT, "1.2.1"),)


def test_a_sender_nobody_knows_has_nothing_here(bank: House) -> None:
    deposit(bank, ct(SOPInstanceUID="1.2.1"))
    answer = answered(bank, deposit_request(bank, request([(CT, "1.2.1")])))
    assert answer.failed == ((CT, "1.2.1", NO_SUCH),), "what it sent waits in quarantine"
    assert (answer.host, answer.port) == ("", 0)


def test_what_arrived_before_the_request_is_registered_first(
    bank: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Acknowledged and not registered yet is not 'no such object': also when the clock was set back."""
    register_sender()
    before = bank.clock.at  # type: ignore[attr-defined]
    bank.clock.at = before.replace(hour=before.hour + 1)  # type: ignore[attr-defined]
    deposit(bank, ct(SOPInstanceUID="1.2.1"))
    bank.clock.at = before  # type: ignore[attr-defined]
    request_id = deposit_request(bank, request([(CT, "1.2.1")]))
    assert bank.tray.waiting()[0] == request_id, "the object seems to be the later one"
    assert register_once(bank, limit=1) == 1
    assert Commitment.objects.get().state == "asked"
    assert commit_once(bank) == 0
    assert bank.tray.answers.waiting() == []
    assert answered(bank, request_id).safe == ((CT, "1.2.1"),)


def test_what_arrives_later_holds_up_nothing(bank: House) -> None:
    register_sender()
    request_id = deposit_request(bank, request([(CT, "1.2.1")]))
    register_once(bank)
    deposit(bank, ct(SOPInstanceUID="1.2.1"))
    assert commit_once(bank) == 1
    answer = bank.tray.answers.read(request_id)
    assert answer is not None and answer.failed == ((CT, "1.2.1", NO_SUCH),)


def test_the_sender_is_called_back_inside_its_own_network_only(bank: House) -> None:
    register_sender()
    sender = Sender.objects.get()
    for host, port, expected in (
        ("10.0.0.7", 104, ("10.0.0.7", 104)),
        ("192.168.0.7", 104, ("", 0)),
        (None, None, ("", 0)),
    ):
        sender.echo_host, sender.echo_port = host, port
        sender.save()
        answer = answered(bank, deposit_request(bank, request([(CT, "1.2.1")])))
        assert (answer.host, answer.port) == expected


def test_a_request_by_tls_is_reported_by_tls(bank: House) -> None:
    register_sender()
    request_id = deposit_request(bank, request([(CT, "1.2.1")]), certificate="ab" * 32)
    assert answered(bank, request_id).secured


@pytest.mark.parametrize(
    "data",
    [b"", b"garbage", request([]), NO_TRANSACTION],
    ids=["empty", "garbage", "names nothing", "no transaction"],
)
def test_a_request_that_cannot_be_answered_is_noted(bank: House, data: Any) -> None:
    register_sender()
    deposit_request(bank, data)
    deposit(bank, ct())
    assert register_once(bank) == 2
    row = Commitment.objects.get()
    assert row.state == "unreadable" and row.detail and row.ended_at
    assert commit_once(bank) == 0
    assert InstanceVersion.objects.count() == 1, "what came with it is filed"


def test_an_object_whose_uid_is_none_counts_as_not_safe(bank: House) -> None:
    """PS3.4 J.3.3: no reference of the request is passed over."""
    register_sender()
    deposit(bank, ct(SOPInstanceUID="1.2.1"))
    ds = request([(CT, "1.2.1")])
    ds.ReferencedSOPSequence[0].ReferencedSOPClassUID = ""
    answer = answered(bank, deposit_request(bank, ds))
    assert (answer.safe, answer.failed) == ((), (("", "1.2.1", CONFLICT),))


def test_the_end_is_noted_once_and_nothing_is_left(bank: House) -> None:
    register_sender()
    deposit(bank, ct(SOPInstanceUID="1.2.1"))
    request_id = deposit_request(bank, request([(CT, "1.2.1")]))
    answered(bank, request_id)
    for _ in range(2):  # the gate was killed after its word and before its deed
        bank.tray.answers.finish(request_id)
        deposit_report(bank, request_id, "reported", via="same")
        with_callbacks(bank)
    row = Commitment.objects.get()
    assert (row.state, row.references, row.failed, row.safe_count) == ("reported", [], [], 1)
    assert Entry.objects.filter(action="report storage commitment").count() == 1
    assert not Event.objects.exists()


def with_callbacks(house: House) -> None:
    register_once(house)
    assert house.tray.load().parcels == 0


@pytest.mark.parametrize("outcome", ["given-up", "no-node"])
def test_a_report_that_was_not_delivered_is_an_event(bank: House, outcome: str) -> None:
    institution = register_sender()
    request_id = deposit_request(bank, request([(CT, "1.2.1")]))
    answered(bank, request_id)
    deposit_report(bank, request_id, outcome, attempts=8, reason="The sender answered 0110.")
    register_once(bank)
    event = Event.objects.get()
    assert (event.kind, event.institution) == ("commitment-not-reported", institution)
    assert event.params["why"] == outcome
    assert Commitment.objects.get().state == outcome


@pytest.mark.parametrize("body", [{"request": "x", "outcome": "reported"}, {"outcome": 1}, {}])
def test_a_word_about_nothing_is_passed_over(bank: House, body: dict[str, Any]) -> None:
    deposit_report(bank, str(body.get("request", "")), str(body.get("outcome", "")))
    assert register_once(bank) == 1
    assert not Commitment.objects.exists()


@pytest.mark.parametrize("step", ["judge", "_keep", "publish", "after publish"])
def test_killed_between_any_two_steps_it_answers_once(
    bank: House, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    register_sender()
    deposit(bank, ct(SOPInstanceUID="1.2.1"))
    request_id = deposit_request(bank, request([(CT, "1.2.1")]))
    register_once(bank)
    published = type(bank.tray.answers).publish
    count = []

    class KilledError(BaseException):
        """Stands for SIGKILL: nothing catches it."""

    def die(*_: object) -> None:
        raise KilledError

    def publish(self: Any, answer: Answer) -> bool:
        if step == "publish" and not count:
            count.append(0)
            raise KilledError
        done = published(self, answer)
        count.append(done)
        if step == "after publish" and len(count) == 1:
            raise KilledError
        return bool(done)

    monkeypatch.setattr(type(bank.tray.answers), "publish", publish)
    with monkeypatch.context() as patch:
        if step in ("judge", "_keep"):
            patch.setattr(commit_run, step, die)
        with pytest.raises(KilledError):
            commit_once(bank)
    commit_once(bank)
    assert sum(count) == 1, "published once"
    answer = bank.tray.answers.read(request_id)
    assert answer is not None and answer.safe == ((CT, "1.2.1"),)
    assert Entry.objects.filter(action="judge storage commitment").count() == 1
    assert Commitment.objects.get().state == "answered"


def test_what_was_reported_meanwhile_is_not_published_again(bank: House) -> None:
    """commit dies after it published; the gate reports, register clears away; commit starts anew."""
    register_sender()
    request_id = deposit_request(bank, request([(CT, "1.2.1")]))
    answered(bank, request_id)
    Commitment.objects.update(state="judged")
    bank.tray.answers.finish(request_id)
    deposit_report(bank, request_id, "reported", via="same")
    register_once(bank)
    bank.tray.answers.forget(request_id)
    assert commit_once(bank) == 0
    assert bank.tray.answers.waiting() == []


def test_the_loop_ends_when_it_is_told(committed: House) -> None:
    register_sender()
    request_id = deposit_request(committed, request([(CT, "1.2.1")]))
    register_once(committed)
    stop = threading.Event()
    thread = threading.Thread(target=commit_forever, args=(committed, stop))
    thread.start()
    try:
        while committed.tray.answers.read(request_id) is None:
            assert thread.is_alive()
            stop.wait(0.01)
    finally:
        stop.set()
        thread.join()
