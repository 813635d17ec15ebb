"""Exports go to nodes as forwards do: approved, on record, none twice (R113 to R115)."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest

from planbank.catalogue.models import Instance
from planbank.errors import ProtocolError
from planbank.house import House
from planbank.journal.models import Entry
from planbank.messages.models import Event
from planbank.people.models import User
from planbank.pipeline.registry import Done, Later
from planbank.protocols.act import Act
from planbank.protocols.levels import See, TakeOut
from planbank.protocols.models import Agreement, Membership, Protocol
from planbank.services.export.ended import remove_ended
from planbank.services.push.run import push
from planbank.takeout import asking
from planbank.takeout.models import Export, ExportFile
from planbank.takeout.selection import Selection
from tests.protocols.rows import ProtocolRows
from tests.protocols.sent import brain_with_a_plan
from tests.services.forward.peers import Receiver
from tests.services.forward.rows import destination_at
from tests.services.running import run_until_idle


@pytest.fixture
def peer() -> Iterator[Receiver]:
    made = Receiver().start()
    yield made
    made.stop()


@pytest.fixture
def rows(bank: House) -> ProtocolRows:
    return ProtocolRows(bank.clock.now() - timedelta(days=1))


@pytest.fixture
def brain(bank: House, rows: ProtocolRows) -> Protocol:
    made = brain_with_a_plan(bank, rows, purpose="better plans")
    day = bank.clock.now().date() - timedelta(days=9)
    agreed = {"kind": "centre", "title": "Proton centre", "signed_on": day}
    Agreement.objects.create(protocol=made, institution=rows.institution("DCPT"), **agreed)
    return made


@pytest.fixture
def rita(rows: ProtocolRows, brain: Protocol) -> User:
    user = rows.user("rita")
    rows.grant(user, "exporter", brain, see=See.IDENTIFIED, take_out=TakeOut.RAW)
    return user


def asked(bank: House, brain: Protocol, rita: User, peer: Receiver, **changes: Any) -> Export:
    at = bank.clock.now()
    node = destination_at(bank, peer.port)
    given = {"form": "raw", "selection": Selection(), "purpose": "protons", "recipient": "DCPT"} | changes
    wanted = asking.Wanted(brain, **given, until=at + timedelta(days=20), destination=node)
    return asking.ask(Act.of(rita, at), wanted)


def approved(bank: House, brain: Protocol, rita: User, peer: Receiver, **changes: Any) -> Export:
    row = asked(bank, brain, rita, peer, **changes)
    asking.approve(Act.of_service("test", bank.clock.now()), row, row.revision, "yes")
    run_until_idle(bank)
    row.refresh_from_db()
    return row


def test_it_is_sent_whole_once_and_on_record(
    bank: House, brain: Protocol, rita: User, peer: Receiver
) -> None:
    row = asked(bank, brain, rita, peer)
    run_until_idle(bank)
    assert peer.came == [], "nothing leaves before it is approved"
    asking.approve(Act.of_service("test", bank.clock.now()), row, row.revision, "yes")
    run_until_idle(bank)
    row.refresh_from_db()
    assert row.state == "sent" and row.is_over(bank.clock.now())
    uids = set(row.files.values_list("version__sop_instance_uid", flat=True))
    assert {uid for uid, _data in peer.came} == uids and len(peer.came) == len(uids) == row.objects_count
    assert isinstance(push(bank, row.pk), Done) and len(peer.came) == len(uids)
    acts = Entry.objects.filter(object_kind="export").order_by("pk")
    assert [one.action for one in acts] == ["ask for export", "export approved", "take out files"]
    assert all(one.detail["destination"] == "Proton centre" for one in acts)
    told = Event.objects.get(kind="export-sent")
    assert told.user == rita and (told.params["count"], told.params["of"]) == (len(uids), len(uids))
    assert not Event.objects.filter(kind="export-ready").exists()


def test_de_identified_files_go_and_nothing_of_them_stays_here(
    bank: House, brain: Protocol, rita: User, peer: Receiver
) -> None:
    row = approved(bank, brain, rita, peer, form="pseudonymised")
    assert row.state == "sent" and len(peer.came) == row.objects_count
    originals = set(row.files.values_list("version__sop_instance_uid", flat=True))
    assert not originals & {uid for uid, _data in peer.came}
    keys = list(row.files.values_list("key", flat=True))
    assert all(key.startswith("derived/") and bank.store.exists(key) for key in keys)
    remove_ended(bank)
    assert not any(bank.store.exists(key) for key in keys)
    assert row.files.filter(state="ready", accepted_at__isnull=False).count() == len(keys), "the record stays"


def test_what_was_cut_off_goes_on_where_it_was(
    bank: House, brain: Protocol, rita: User, peer: Receiver
) -> None:
    peer.abort_at = {3}
    row = approved(bank, brain, rita, peer)
    assert (row.state, row.problem, row.attempts) == ("ready", "no-answer", 1) and len(peer.came) == 2
    assert isinstance(push(bank, row.pk), Done)
    row.refresh_from_db()
    assert row.state == "sent" and row.problem == "" and len(peer.came) == row.objects_count
    assert len({uid for uid, _data in peer.came}) == len(peer.came), "none twice"


def test_what_the_node_refuses_is_told_and_only_it_is_tried_again(
    bank: House, brain: Protocol, rita: User, peer: Receiver
) -> None:
    plan = Instance.objects.get(current_version__modality="RTPLAN").sop_instance_uid
    peer.refuse[plan] = 0xC000
    row = approved(bank, brain, rita, peer)
    failed = row.files.get(state="failed")
    assert (failed.reason, row.state) == ("status", "ready") and row.sent_at is not None
    assert len(peer.came) == row.objects_count - 1, "the rest went"
    assert Event.objects.get(kind="export-sent").params["count"] == row.objects_count - 1
    sent = len(peer.came)
    peer.refuse.clear()
    assert asking.retry(Act.of(rita, bank.clock.now()), row, row.revision) == 1
    run_until_idle(bank)
    row.refresh_from_db()
    assert row.state == "sent" and len(peer.came) == sent + 1


def test_a_node_that_is_away_is_tried_again_and_given_up_in_the_end(
    bank: House, brain: Protocol, rita: User, peer: Receiver
) -> None:
    peer.stop()
    row = approved(bank, brain, rita, peer)
    assert (row.state, row.problem, row.sent_at) == ("ready", "refused", None)
    for _try in range(bank.settings.forward_tries * 4):
        result = push(bank, row.pk)
    assert isinstance(result, Done)
    row.refresh_from_db()
    assert row.state == "ready" and row.sent_at and row.problem == "refused"
    assert set(row.files.values_list("state", flat=True)) == {"failed"}


def test_without_an_agreement_it_cannot_be_asked_and_ends_when_that_ends(
    bank: House, brain: Protocol, rita: User, peer: Receiver
) -> None:
    row = asked(bank, brain, rita, peer)
    Agreement.objects.all().delete()
    asking.approve(Act.of_service("test", bank.clock.now()), row, row.revision, "yes")
    run_until_idle(bank)
    row.refresh_from_db()
    assert row.problem == "no-agreement" and peer.came == []
    again = asking.Wanted(
        brain, "raw", Selection(), "protons", "DCPT", row.until, destination=row.destination
    )
    with pytest.raises(ProtocolError, match="agreement"):
        asking.ask(Act.of(rita, bank.clock.now()), again)


def test_what_is_no_longer_within_reach_is_withheld(
    bank: House, brain: Protocol, rita: User, peer: Receiver
) -> None:
    peer.abort_at = {2}
    row = approved(bank, brain, rita, peer)
    assert len(peer.came) == 1
    left = row.files.filter(accepted_at=None).count()
    Membership.objects.update(removed_at=bank.clock.now())
    assert isinstance(push(bank, row.pk), Done) and len(peer.came) == 1
    assert row.files.filter(state=ExportFile.State.WITHHELD, reason="out-of-reach").count() == left


def test_cancelled_while_it_is_sent_it_ends(bank: House, brain: Protocol, rita: User, peer: Receiver) -> None:
    peer.abort_at = {3}
    row = approved(bank, brain, rita, peer)
    asking.cancel(Act.of(rita, bank.clock.now()), row, row.revision)
    assert isinstance(push(bank, row.pk), Done) and len(peer.came) == 2


def test_a_paused_node_waits(bank: House, brain: Protocol, rita: User, peer: Receiver) -> None:
    row = asked(bank, brain, rita, peer)
    assert row.destination is not None
    type(row.destination).objects.update(is_paused=True)
    asking.approve(Act.of_service("test", bank.clock.now()), row, row.revision, "yes")
    run_until_idle(bank)
    assert isinstance(push(bank, row.pk), Later) and peer.came == []
