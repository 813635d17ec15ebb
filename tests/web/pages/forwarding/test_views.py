"""The forward queue on pages, and forwarding a plan by hand (R50, R89, R91)."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta

import pytest
from django.test import Client

from planbank.catalogue.models import PlanSet
from planbank.delivery.asking import Wanted, ask
from planbank.delivery.models import Delivery, Forward
from planbank.house import House
from planbank.journal.models import Entry
from planbank.people.models import User
from planbank.protocols.act import Act
from planbank.protocols.actions.adding import add_plan_set
from planbank.protocols.levels import See, TakeOut
from planbank.protocols.models import Agreement, Protocol, Trigger
from tests.made import thinned
from tests.protocols.rows import ProtocolRows
from tests.services.forward.peers import Receiver
from tests.services.forward.rows import arrive, destination_at, go, later, protocol_with, states
from tests.services.running import run_everything

ClientOf = Callable[[User | None], Client]


@pytest.fixture
def proton(bank: House) -> Protocol:
    return protocol_with(bank)


@pytest.fixture
def rows(bank: House, now: datetime) -> ProtocolRows:
    return ProtocolRows(now - timedelta(days=1))


@pytest.fixture
def plan_set(bank: House, proton: Protocol) -> PlanSet:
    """A plan of OUH that stands in the protocol."""
    arrive(bank, thinned("prostate"))
    plan_set = PlanSet.objects.get()
    add_plan_set(Act.of_service("test", bank.clock.now()), proton, plan_set)
    run_everything(bank)
    return plan_set


@pytest.fixture
def peer() -> Iterator[Receiver]:
    one = Receiver().start()
    yield one
    one.stop()


def test_a_plan_is_forwarded_by_hand_and_followed(
    bank: House, proton: Protocol, plan_set: PlanSet, rows: ProtocolRows, client_of: ClientOf, peer: Receiver
) -> None:
    there = destination_at(bank, peer.port)
    olga = client_of(rows.user("olga", "OUH"))
    assert "Forward..." in olga.get(f"/plans/{plan_set.pk}/").content.decode()
    page = olga.get(f"/plans/{plan_set.pk}/forward/")
    assert "Proton centre (DCPT), under PROTON" in page.content.decode()
    way = f"{there.pk}-{proton.pk}"
    answer = olga.post(f"/plans/{plan_set.pk}/forward/", {"way": way, "waits": "nothing"})
    row = Forward.objects.get()
    assert answer.headers["Location"] == f"/forwarding/{row.pk}/" and row.asked_by is not None
    run_everything(bank)
    peer.refuse[plan_set.sop_instance_uid] = 0xC001
    go(bank, there)
    shown = olga.get(f"/forwarding/{row.pk}/").content.decode()
    number = row.deliveries.count()
    assert f"Delivered {number - 1} of {number}" in shown and "(C001)" in shown
    assert "something did not go" in olga.get("/forwarding/?state=problem").content.decode()
    peer.refuse.clear()
    olga.post(f"/forwarding/{row.pk}/resend/")
    later(bank, hours=3)
    go(bank, there)
    assert states(row) == {"delivered": number}
    assert f"Delivered {number} of {number}" in olga.get(f"/forwarding/{row.pk}/").content.decode()
    assert Entry.objects.filter(action="ask to forward", actor="olga", protocol="PROTON").count() == 1
    on_plan = olga.get(f"/plans/{plan_set.pk}/").text
    assert f'href="/forwarding/{row.pk}/"' in on_plan and f"{number} of {number} delivered" in on_plan
    table = b"".join(olga.get("/forwarding/?format=csv&sort=destination").streaming_content).decode()
    assert "Proton centre" in table and plan_set.patient_file.sent_id in table
    assert table.count("\n") == 2 and f",{number},{number},0" in table.replace(";", ",")
    stranger = client_of(rows.user("sven", "VLE"))
    assert b"Proton centre" not in b"".join(stranger.get("/forwarding/?format=csv").streaming_content)


@pytest.mark.parametrize("take_out", [TakeOut.NONE, TakeOut.PSEUDONYMISED, TakeOut.RAW])
def test_only_who_may_take_out_files_as_received_may_forward(
    bank: House,
    proton: Protocol,
    plan_set: PlanSet,
    rows: ProtocolRows,
    client_of: ClientOf,
    take_out: TakeOut,
) -> None:
    destination_at(bank, 104)
    user = rows.user("rita", "AUH")
    rows.grant(user, "reader", proton, see=See.IDENTIFIED, take_out=take_out)
    rita = client_of(user)
    allowed = take_out == TakeOut.RAW
    assert (rita.get(f"/plans/{plan_set.pk}/forward/").status_code == 200) == allowed
    assert ("Forward..." in rita.get(f"/plans/{plan_set.pk}/").content.decode()) == allowed


def test_where_it_may_not_go_is_said_and_cannot_be_posted(
    bank: House, proton: Protocol, plan_set: PlanSet, rows: ProtocolRows, client_of: ClientOf
) -> None:
    there = destination_at(bank, 104)
    Agreement.objects.all().delete()
    olga = client_of(rows.user("olga", "OUH"))
    assert "no signed agreement" in olga.get(f"/plans/{plan_set.pk}/forward/").content.decode()
    posted = {"way": f"{there.pk}-{proton.pk}", "waits": "nothing"}
    assert olga.post(f"/plans/{plan_set.pk}/forward/", posted).status_code == 200
    assert not Forward.objects.exists()


@pytest.fixture
def held(bank: House, proton: Protocol, plan_set: PlanSet) -> Forward:
    """One that waits for a click."""
    wanted = Wanted(
        destination_at(bank, 104), proton, plan_set.patient_file, plan_set.sop_instance_uid, held="first"
    )
    return ask(Act.of_service("test", bank.clock.now()), wanted)


def test_strangers_see_and_do_nothing(
    held: Forward, rows: ProtocolRows, client_of: ClientOf, site_admin: User
) -> None:
    other = rows.user("vera", "VLE")
    rows.grant(other, "key-user", rows.protocol("OTHER"))
    for user in (other, site_admin):
        client = client_of(user)
        assert client.get(f"/forwarding/{held.pk}/").status_code == 404
        assert client.post(f"/forwarding/{held.pk}/release/").status_code == 404
        assert f"/forwarding/{held.pk}/" not in client.get("/forwarding/").content.decode()
    held.refresh_from_db()
    assert held.state == "held"


def test_who_only_sees_does_nothing(
    held: Forward, proton: Protocol, rows: ProtocolRows, client_of: ClientOf
) -> None:
    user = rows.user("rita", "AUH")
    rows.grant(user, "reader", proton, see=See.PSEUDONYMISED)
    rita = client_of(user)
    shown = rita.get(f"/forwarding/{held.pk}/").content.decode()
    assert "Let it go" not in shown and held.patient_file.name not in shown
    assert held.patient_file.sent_id not in shown and held.subject_uid not in shown
    assert rita.post(f"/forwarding/{held.pk}/release/").status_code == 404


def test_a_key_user_lets_go_pauses_and_cancels(
    bank: House, held: Forward, proton: Protocol, rows: ProtocolRows, client_of: ClientOf
) -> None:
    user = rows.user("kaya", "AUH")
    rows.grant(user, "key-user", proton)
    kaya = client_of(user)
    assert "waits for a click" in kaya.get("/forwarding/?state=held").content.decode()
    for act, state in [("release", "open"), ("pause", "paused"), ("resume", "open"), ("cancel", "cancelled")]:
        assert kaya.post(f"/forwarding/{held.pk}/{act}/").status_code == 302
        run_everything(bank)
        held.refresh_from_db()
        assert held.state == state and kaya.get(f"/forwarding/{held.pk}/").status_code == 200
    assert set(Delivery.objects.values_list("state", flat=True)) == {"cancelled"}
    assert kaya.post(f"/forwarding/{held.pk}/erase/").status_code == 404
    done = set(Entry.objects.filter(actor="kaya").values_list("action", flat=True))
    assert {"release forward", "pause forward", "resume forward", "cancel forward"} <= done


def test_a_trigger_form_keeps_where_it_forwards_to(
    bank: House, proton: Protocol, rows: ProtocolRows, client_of: ClientOf
) -> None:
    there = destination_at(bank, 104)
    user = rows.user("kaya", "AUH")
    rows.grant(user, "key-user", proton)
    kaya = client_of(user)
    given = {
        "name": "protons",
        "kind": "empty ROI",
        "roi_name": "DBCG_PROTON",
        "actions": ["include", "forward"],
        "priority": "0",
        "is_active": "on",
        "waits": "complete",
        "a_day": "3",
    }
    page = f"/protocols/{proton.pk}/triggers/new/"
    assert "Choose where it shall be forwarded" in kaya.post(page, given).content.decode()
    assert kaya.post(page, {**given, "destination": there.pk}).status_code == 302
    does = Trigger.objects.get().actions[1]
    assert does == {
        "action": "forward",
        "destination": there.pk,
        "waits": "complete",
        "participants_only": False,
        "a_day": 3,
    }
    shown = kaya.get(f"/protocols/{proton.pk}/triggers/{Trigger.objects.get().pk}/").content.decode()
    assert 'value="3"' in shown and f'<option value="{there.pk}" selected>' in shown
