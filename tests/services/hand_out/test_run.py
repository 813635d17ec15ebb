"""Copies go to nodes as forwards do: refused, cut off, and not twice (R107)."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pytest

from planbank.audits import acting
from planbank.audits.models import AuditStudy, Copy
from planbank.house import House
from planbank.journal.models import Entry
from planbank.pipeline.registry import Done, Later
from planbank.protocols.models import Agreement, Protocol
from planbank.services.hand_out.run import hand_out
from tests.audits.rows import act, copy_of, objects, opened, protocol
from tests.protocols.rows import ProtocolRows
from tests.services.forward.peers import Receiver
from tests.services.forward.rows import destination_at
from tests.services.running import run_everything


@pytest.fixture
def peer() -> Iterator[Receiver]:
    made = Receiver().start()
    yield made
    made.stop()


@pytest.fixture
def of(bank: House) -> Protocol:
    row = protocol(bank)
    auh = ProtocolRows(bank.clock.now()).institution("AUH")
    day = bank.clock.now().date() - timedelta(days=9)
    Agreement.objects.create(protocol=row, institution=auh, kind="centre", title="Audit", signed_on=day)
    return row


def study_at(bank: House, of: Protocol, peer: Receiver) -> AuditStudy:
    auh = ProtocolRows(bank.clock.now()).institution("AUH")
    return opened(bank, of, destination_at(bank, peer.port, institution=auh))


def test_a_copy_is_accepted_whole_and_once(bank: House, of: Protocol, peer: Receiver) -> None:
    copy = copy_of(study_at(bank, of, peer), "AUH-1")
    assert copy.state == "accepted" and copy.sent_at and copy.accepted_at
    assert {uid for uid, _data in peer.came} == {ds.SOPInstanceUID for ds in objects(bank, copy)}
    assert isinstance(hand_out(bank, copy.pk), Done) and len(peer.came) == copy.files.count()
    assert Entry.objects.filter(action="send audit copy").count() == 1
    acting.again(act(bank), copy)
    hand_out(bank, copy.pk)
    assert len(peer.came) == 2 * copy.files.count(), "a person may have it sent once more"


def test_what_was_cut_off_goes_on_where_it_was(bank: House, of: Protocol, peer: Receiver) -> None:
    peer.abort_at = {3}
    copy = copy_of(study_at(bank, of, peer), "AUH-1")
    assert (copy.state, copy.problem) == ("sent", "no-answer") and len(peer.came) == 2
    assert isinstance(hand_out(bank, copy.pk), Done)
    assert len(peer.came) == copy.files.count(), "none twice"
    peer.stop()
    Copy.objects.filter(pk=copy.pk).update(state="made")
    copy.files.update(accepted_at=None)
    assert isinstance(hand_out(bank, copy.pk), Later)


def test_a_copy_whose_bytes_are_lost_is_made_anew_as_it_was(
    bank: House, of: Protocol, peer: Receiver
) -> None:
    copy = copy_of(study_at(bank, of, peer), "AUH-1")
    keys, sent = set(copy.files.values_list("key", flat=True)), len(peer.came)
    bank.store.erase(min(keys))
    acting.again(act(bank), copy)
    hand_out(bank, copy.pk)
    copy.refresh_from_db()
    assert (copy.state, copy.problem) == ("failed", "missing")
    acting.again(act(bank), copy)
    assert Copy.objects.get(pk=copy.pk).state == "waiting"
    run_everything(bank)
    copy.refresh_from_db()
    assert (copy.state, copy.problem) == ("accepted", "")
    assert set(copy.files.values_list("key", flat=True)) == keys, "the same bytes"
    assert {uid for uid, _data in peer.came[sent:]} == {ds.SOPInstanceUID for ds in objects(bank, copy)}


def test_no_agreement_no_copy(bank: House, of: Protocol, peer: Receiver) -> None:
    study = study_at(bank, of, peer)
    copy, sent = copy_of(study, "AUH-1"), len(peer.came)
    Agreement.objects.all().delete()
    acting.again(act(bank), copy)
    hand_out(bank, copy.pk)
    copy.refresh_from_db()
    assert (copy.state, copy.problem) == ("failed", "no-agreement") and len(peer.came) == sent
