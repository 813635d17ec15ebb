"""Senders as an administrator registers, changes, tests and switches them off."""

from __future__ import annotations

import csv
from datetime import timedelta
from io import StringIO
from typing import TYPE_CHECKING

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from pynetdicom import AE

from planbank.catalogue.models import Submission
from planbank.journal.models import Entry
from planbank.messages.models import Event
from planbank.people.models import Institution, Sender, SenderInstitution, User
from planbank.people.queries import SenderBook, gate_file
from planbank.services.register import register_once
from tests.aside import set_aside
from tests.sending import ct, deposit, register_sender

if TYPE_CHECKING:
    from collections.abc import Callable

    from django.test import Client

    from planbank.house import House

    ClientOf = Callable[[User | None], Client]
    PersonOf = Callable[[str], User]


@pytest.fixture
def admin(client_of: ClientOf, site_admin: User) -> Client:
    return client_of(site_admin)


@pytest.fixture
def ouh(bank: House) -> Institution:
    return Institution.objects.create(code="OUH", name="Odense")


@pytest.fixture
def aal(bank: House) -> Institution:
    return Institution.objects.create(code="AAL", name="Aalborg")


def typed(institution: Institution, **changes: object) -> dict[str, object]:
    return {"ae_title": "OUH_ARIA", "network": "10.62.9.14", "institution_1": institution.pk} | changes


def only() -> Sender:
    return Sender.objects.get()


def wrong(answer: object) -> dict[str, str]:
    """Field -> what is said at it."""
    form = answer.context["form"]  # type: ignore[attr-defined]
    return {name: words[0] for name, words in form.errors.items()}


def test_only_the_system_administrator_manages_senders(
    bank: House, client_of: ClientOf, person_of: PersonOf
) -> None:
    register_sender()
    pk = only().pk
    paths = ["", "new/", f"{pk}/"]
    paths.append("refusals/")
    acts = ["new/", f"{pk}/", f"{pk}/switch/?to=off", f"{pk}/echo/", f"{pk}/certificates/"]
    acts.append(f"{pk}/certificates/{'ab' * 32}/")
    anna, nobody = client_of(person_of("OUH")), client_of(None)
    assert {anna.get(f"/senders/{path}").status_code for path in paths} == {404}
    assert {anna.post(f"/senders/{path}").status_code for path in acts} == {404}
    assert {nobody.get(f"/senders/{path}").status_code for path in paths} == {302}
    assert {nobody.post(f"/senders/{path}").status_code for path in acts} == {302}
    assert only().is_active


def test_a_registered_sender_is_known_to_register_and_gate(
    bank: House, admin: Client, ouh: Institution
) -> None:
    page = admin.post("/senders/new/", typed(ouh, contact="Physics 1234"), follow=True).text
    assert "OUH_ARIA is registered: the gate knows it within a second." in page
    assert SenderBook().decide("OUH_ARIA", "PLANBANK", "10.62.9.14").institution == ouh
    assert gate_file("quarantine", [])["senders"] == [{"ae_title": "OUH_ARIA", "networks": ["10.62.9.14"]}]
    assert Entry.objects.get().action == "register sender"
    page = admin.get("/senders/").text
    for words in ("OUH_ARIA", "10.62.9.14", "OUH", "never", "Active"):
        assert words in page


def test_what_was_typed_stays_and_each_fault_offers_a_way_out(
    bank: House, admin: Client, ouh: Institution
) -> None:
    form = typed(ouh, ae_title="A\\B", network="10.62.9", description="Planning <b>", echo_port="99999")
    answer = admin.post("/senders/new/", form)
    said = wrong(answer)
    assert set(said) == {"ae_title", "network", "echo_port"}
    assert "10.62.9.0/24" in said["network"]
    page = answer.text
    assert "Not saved: 3 fields need a change" in page
    assert 'href="#id_network"' in page
    assert "Planning &lt;b&gt;" in page
    assert not Sender.objects.exists()


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"institution_1": ""}, "institution_1"),
        ({"institution_1": "999"}, "institution_1"),
        ({"network": "0.0.0.0/0"}, "network"),
        ({"network": "::/0"}, "network"),
        ({"echo_host": "10.62.10.1", "echo_port": "104"}, "echo_host"),
        ({"echo_host": "10.62.9.14"}, "echo_port"),
        ({"echo_port": "104"}, "echo_host"),
        ({"echo_host": "example.org", "echo_port": "104"}, "echo_host"),
        ({"called_1": "A\\B"}, "called_1"),
        ({"called_2": "OUH_PB"}, "institution_2"),
        ({"ae_title": "SEVENTEEN_LETTERS"}, "ae_title"),
    ],
)
def test_what_cannot_be_is_refused_at_its_field(
    bank: House, admin: Client, ouh: Institution, changes: dict[str, str], field: str
) -> None:
    answer = admin.post("/senders/new/", typed(ouh, **changes))
    assert set(wrong(answer)) == {field}
    assert not Sender.objects.exists()


def test_two_institutions_need_two_called_titles(
    bank: House, admin: Client, ouh: Institution, aal: Institution
) -> None:
    answer = admin.post("/senders/new/", typed(ouh, institution_2=aal.pk))
    assert set(wrong(answer)) == {"called_2"}
    admin.post("/senders/new/", typed(ouh, called_1="OUH_PB", institution_2=aal.pk, called_2="AAL_PB"))
    book = SenderBook()
    assert book.decide("OUH_ARIA", "AAL_PB", "10.62.9.14").institution == aal
    assert book.decide("OUH_ARIA", "OUH_PB", "10.62.9.14").institution == ouh


def test_the_same_name_at_the_same_address_is_refused(bank: House, admin: Client, ouh: Institution) -> None:
    admin.post("/senders/new/", typed(ouh))
    answer = admin.post("/senders/new/", typed(ouh, network="10.62.9.14/32"))
    assert set(wrong(answer)) == {"ae_title"}
    assert Sender.objects.count() == 1


def test_a_sender_is_changed_as_a_whole(
    bank: House, admin: Client, ouh: Institution, aal: Institution
) -> None:
    admin.post("/senders/new/", typed(ouh))
    Sender.objects.update(charset_fallback="ISO_IR 100")
    page = admin.get(f"/senders/{only().pk}/")
    assert 'value="OUH_ARIA"' in page.text
    admin.post(f"/senders/{only().pk}/", typed(aal, network="10.62.9.7/24", description="New"))
    sender = only()
    assert (sender.network, sender.description) == ("10.62.9.0/24", "New")
    assert sender.charset_fallback == "ISO_IR 100"
    assert [row.institution for row in sender.listed.all()] == [aal]


def test_an_institution_switched_off_stays_with_its_sender(
    bank: House, admin: Client, ouh: Institution
) -> None:
    admin.post("/senders/new/", typed(ouh))
    Institution.objects.update(is_active=False)
    assert admin.post(f"/senders/{only().pk}/", typed(ouh, contact="x")).status_code == 302
    assert set(wrong(admin.post("/senders/new/", typed(ouh, network="10.1.1.1")))) == {"institution_1"}


def test_switched_off_means_set_aside_and_can_be_undone(bank: House, admin: Client, ouh: Institution) -> None:
    admin.post("/senders/new/", typed(ouh))
    pk = only().pk
    page = admin.post(f"/senders/{pk}/switch/?to=off", follow=True).text
    assert "OUH_ARIA is switched off" in page
    assert f'action="/senders/{pk}/switch/?to=on"' in page
    assert SenderBook().decide("OUH_ARIA", "X", "10.62.9.14").institution is None
    admin.post(f"/senders/{pk}/switch/?to=on")
    assert SenderBook().decide("OUH_ARIA", "X", "10.62.9.14").institution == ouh
    assert admin.get(f"/senders/{pk}/switch/").status_code == 405


def test_the_list_tells_what_each_did_lately(bank: House, admin: Client) -> None:
    register_sender()
    register_sender("AAL", "AAL_CT", "10.9.0.0/16")
    deposit(bank, ct())
    deposit(bank, ct())
    register_once(bank)
    Submission.objects.filter(pk=Submission.objects.earliest("pk").pk).update(
        received_at=bank.clock.now() - timedelta(days=8)
    )
    now = bank.clock.now()
    for address, kind, age in (
        ("10.0.0.9", "refused", 1),
        ("10.0.0.9", "refused", 9),
        ("10.9.9.9", "refused", 1),
        ("10.0.0.9", "quarantined", 1),
    ):
        params = {"calling_ae": "TPS", "address": address}
        Event.objects.create(at=now - timedelta(days=age), kind=kind, params=params)
    set_aside(bank, 3, calling_ae="TPS", address="10.0.0.77", reason="no-institution-for-called-ae")
    set_aside(bank, 2, calling_ae="TPS", address="172.16.0.1", reason="known-name-other-address")
    found = {sender.ae_title: (did, seen) for sender, did, seen in admin.get("/senders/").context["rows"]}
    did, seen = found["TPS"]
    assert (did.objects, did.refusals, did.quarantined, seen) == (1, 1, 3, "")
    assert did.last_seen == Submission.objects.latest("received_at").received_at
    assert found["AAL_CT"][1] == "never"


def test_one_not_seen_for_a_month_says_so(bank: House, admin: Client) -> None:
    register_sender()
    deposit(bank, ct())
    register_once(bank)
    Submission.objects.update(received_at=bank.clock.now() - timedelta(days=20))
    row = admin.get("/senders/").context["rows"][0]
    assert (row[1].last_seen, row[2]) == (bank.clock.now() - timedelta(days=20), "")
    Submission.objects.update(received_at=bank.clock.now() - timedelta(days=40))
    assert admin.get("/senders/").context["rows"][0][2] == "over 30 days ago"


def test_search_filter_sort_and_csv_agree(
    bank: House, admin: Client, ouh: Institution, aal: Institution
) -> None:
    for name, network, institution, on in (
        ("B%", "10.0.0.1", ouh, True),
        ("BX", "10.0.0.2", aal, True),
        ("=A()", "10.0.0.3", ouh, False),
    ):
        sender = Sender.objects.create(ae_title=name, network=network, is_active=on)
        SenderInstitution.objects.create(sender=sender, institution=institution)

    def names(query: str) -> list[str]:
        text = b"".join(admin.get(f"/senders/?{query}&format=csv")).decode("utf-8-sig")
        rows = list(csv.reader(StringIO(text)))[1:]
        page = [sender.ae_title for sender, *_rest in admin.get(f"/senders/?{query}").context["rows"]]
        assert [row[0].lstrip("'") for row in rows] == page
        return page

    assert names("sort=-network") == ["=A()", "BX", "B%"]
    assert names("q=b%25") == ["B%"]
    assert names("institution=AAL") == ["BX"]
    assert names("state=off") == ["=A()"]
    assert b"'=A()" in b"".join(admin.get("/senders/?format=csv"))
    assert "No sender matches these filters" in admin.get("/senders/?q=nobody").text
    Sender.objects.all().delete()
    assert "No sender is registered yet" in admin.get("/senders/").text


def test_the_cost_of_the_list_does_not_grow_with_its_senders(bank: House, admin: Client) -> None:
    def cost() -> int:
        with CaptureQueriesContext(connection) as asked:
            admin.get("/senders/")
        return len(asked)

    def sending(number: int) -> None:
        register_sender(f"H{number}", f"TPS{number}", f"10.0.{number}.0/24")
        deposit(bank, ct(), calling_ae=f"TPS{number}", address=f"10.0.{number}.5")
        register_once(bank)

    sending(1)
    admin.get("/senders/")
    few = cost()
    for number in range(2, 7):
        sending(number)
    assert cost() == few


def test_echo_calls_the_sender_and_says_what_came_of_it(bank: House, admin: Client, ouh: Institution) -> None:
    peer = AE(ae_title="OUH_ARIA")
    peer.add_supported_context("1.2.840.10008.1.1")
    peer.require_called_aet = True
    peer.require_calling_aet = [bank.settings.ae_title]
    server = peer.start_server(("127.0.0.1", 0), block=False)
    try:
        port = server.socket.getsockname()[1]
        where = {"network": "127.0.0.1", "echo_host": "127.0.0.1", "echo_port": port}
        admin.post("/senders/new/", typed(ouh, **where))
        page = admin.post(f"/senders/{only().pk}/echo/", follow=True).text
        assert "OUH_ARIA answered: it is there and knows us." in page
        Sender.objects.update(ae_title="OTHER")
        part = admin.post(f"/senders/{only().pk}/echo/", headers={"HX-Request": "true"}).text
        assert "is a DICOM system, but it is not called OTHER" in part
        assert "<html" not in part
    finally:
        server.shutdown()
    outcomes = Entry.objects.filter(action="echo").order_by("pk").values_list("outcome", "detail__answer")
    assert list(outcomes) == [("done", "connected"), ("failed", "called-unknown")]


def test_nothing_outside_the_senders_network_is_called(bank: House, admin: Client) -> None:
    register_sender()
    peer = AE()
    peer.add_supported_context("1.2.840.10008.1.1")
    server = peer.start_server(("127.0.0.1", 0), block=False)
    try:
        Sender.objects.update(echo_host="127.0.0.1", echo_port=server.socket.getsockname()[1])
        page = admin.post(f"/senders/{only().pk}/echo/", follow=True).text
    finally:
        server.shutdown()
    assert "Nothing was called" in page
    assert not Entry.objects.filter(action="echo").exists()


def test_what_is_known_of_a_sender_is_shown_as_text(bank: House, admin: Client, ouh: Institution) -> None:
    script = "<script>alert(1)</script>"
    admin.post("/senders/new/", typed(ouh, ae_title="<script>x", description=script, contact=script))
    for path in ("", f"{only().pk}/", "?q=%3Cscript%3E"):
        page = admin.get(f"/senders/{path}").text
        assert "<script>alert" not in page
        assert "<script>x" not in page
