"""Quarantine as people use it: who sees what, and what their decisions do in the end."""

from __future__ import annotations

import csv
from datetime import timedelta
from io import StringIO
from typing import TYPE_CHECKING

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from planbank.catalogue.models import Instance, PatientFile, QuarantinedParcel
from planbank.journal.models import Entry
from planbank.people.models import Institution, Sender, SenderInstitution, User
from planbank.services.register import register_once
from tests.aside import DOSE, set_aside
from tests.sending import ct, deposit

if TYPE_CHECKING:
    from collections.abc import Callable

    from django.test import Client

    from planbank.house import House

    ClientOf = Callable[[User | None], Client]
    PersonOf = Callable[[str], User]

SCRIPT = "<script>x</"


@pytest.fixture
def admin(client_of: ClientOf, site_admin: User) -> Client:
    return client_of(site_admin)


@pytest.fixture
def aal(bank: House) -> Institution:
    return Institution.objects.create(code="AAL", name="Aalborg")


def ask(browser: Client, row: QuarantinedParcel, act: str, **typed: object) -> str:
    """Send a decision with what its page holds; returns the page after it."""
    page = browser.get(f"/quarantine/{row.pk}/{act}/")
    assert page.status_code == 200
    form = {"upto": page.context["form"].initial["upto"], **typed}
    return browser.post(f"/quarantine/{row.pk}/{act}/", form, follow=True).text


def test_nobody_signed_in_sees_anything(bank: House, client_of: ClientOf) -> None:
    row = set_aside(bank)[0]
    for path in ("", f"{row.pk}/release/", f"{row.pk}/delete/"):
        answer = client_of(None).get(f"/quarantine/{path}")
        assert (answer.status_code, answer["Location"].split("?")[0]) == (302, "/sign-in/")


def test_the_administrator_sees_senders_and_what_they_sent(bank: House, admin: Client) -> None:
    set_aside(bank, 42, received_at=bank.clock.now() - timedelta(hours=2))
    set_aside(bank, 3, calling_ae="ANY-SCP", address="172.20.0.8", sop_class_uid=DOSE)
    page = admin.get("/quarantine/").text
    for words in ("AAL_CT3", "10.81.4.27", "42 CT images", "2 h ago", "ANY-SCP", "3 doses"):
        assert words in page
    assert page.count("Nobody registered this sender") == 2


def test_a_known_name_from_another_address_is_red_and_names_the_true_one(
    bank: House, admin: Client, aal: Institution
) -> None:
    sender = Sender.objects.create(ae_title="AAL_CT3", network="10.81.4.14")
    SenderInstitution.objects.create(sender=sender, institution=aal)
    row = set_aside(bank, reason="known-name-other-address")[0]
    page = admin.get("/quarantine/").text
    assert "bad-text" in page
    assert "Known name, other address (10.81.4.14 is registered)" in page
    asked = admin.get(f"/quarantine/{row.pk}/release/")
    assert "Anybody can call by that name" in asked.text
    assert not asked.context["form"]["register"].value()


def test_a_known_name_without_its_certificate_is_red_and_cannot_be_registered(
    bank: House, admin: Client, aal: Institution
) -> None:
    sender = Sender.objects.create(ae_title="AAL_CT3", network="10.81.4.27")
    SenderInstitution.objects.create(sender=sender, institution=aal)
    about = {"reason": "known-name-other-certificate", "sender": sender}
    plain, shown = set_aside(bank, **about)[0], set_aside(bank, certificate="ab" * 32, **about)[0]
    page = admin.get("/quarantine/").text
    assert "Known name, not its certificate: it showed none" in page
    assert f"TLS, certificate {'AB' * 8}" in page
    assert "register" not in admin.get(f"/quarantine/{plain.pk}/release/").context["form"].fields
    asked = admin.get(f"/quarantine/{shown.pk}/release/")
    assert "AB" * 32 in asked.text
    assert not asked.context["form"]["register"].value()
    given = {"upto": shown.pk, "institution": aal.pk, "register": "on"}
    admin.post(f"/quarantine/{shown.pk}/release/", given)
    assert sender.certificates.get().fingerprint == "ab" * 32


def test_the_same_network_is_a_hint(bank: House, admin: Client, aal: Institution) -> None:
    sender = Sender.objects.create(ae_title="AAL_TPS", network="10.81.4.0/25")
    SenderInstitution.objects.create(sender=sender, institution=aal)
    set_aside(bank)
    assert "Looks like AAL: same network." in admin.get("/quarantine/").text


def test_what_was_sent_from_outside_is_shown_as_text(bank: House, admin: Client) -> None:
    row = set_aside(bank, calling_ae=SCRIPT, address="&", detail="<img src=x>", reason="malformed")[0]
    for path in ("?tab=files", f"{row.pk}/release/", f"{row.pk}/delete/"):
        page = admin.get(f"/quarantine/{path}").text
        assert SCRIPT not in page
        assert "&lt;script&gt;x&lt;/" in page
        assert "<img src=x>" not in page


def test_release_and_register_ends_in_the_institutions_catalogue(
    bank: House, admin: Client, person_of: PersonOf
) -> None:
    anna = person_of("AAL")
    for number in range(3):
        deposit(bank, ct(PatientName="Hidden^Name", InstanceNumber=str(number)), calling_ae="AAL_CT3")
    register_once(bank)
    row = QuarantinedParcel.objects.order_by("pk")[0]
    page = admin.get("/quarantine/").text
    assert "3 CT images" in page
    assert "Hidden" not in page

    institution = anna.affiliations.get().institution
    page = ask(admin, row, "release", institution=institution.pk, register="on")
    assert "3 files released to AAL; the sender is trusted from now on." in page
    register_once(bank)
    assert Instance.objects.filter(institution=institution).count() == 3
    assert set(QuarantinedParcel.objects.values_list("state", flat=True)) == {"done"}
    assert bank.tray.quarantined() == bank.tray.waiting() == []

    deposit(bank, ct(), calling_ae="AAL_CT3")
    register_once(bank)
    assert Instance.objects.filter(institution=institution).count() == 4


def test_release_without_trust_is_for_this_time_only(bank: House, admin: Client, aal: Institution) -> None:
    deposit(bank, ct(), calling_ae="AAL_CT3")
    register_once(bank)
    page = ask(admin, QuarantinedParcel.objects.get(), "release", institution=aal.pk)
    assert "1 file released to AAL, this time only." in page
    register_once(bank)
    assert PatientFile.objects.get().institution == aal
    deposit(bank, ct(), calling_ae="AAL_CT3")
    register_once(bank)
    assert QuarantinedParcel.objects.filter(state="waiting").count() == 1


def test_what_cannot_be_read_goes_to_its_institution_after_release(
    bank: House, admin: Client, client_of: ClientOf, person_of: PersonOf
) -> None:
    anna = person_of("AAL")
    deposit(bank, b"\x08\x00\x18\x00UI", calling_ae="AAL_CT3")
    register_once(bank)
    ask(admin, QuarantinedParcel.objects.get(), "release", institution=anna.affiliations.get().institution_id)
    register_once(bank)
    row = QuarantinedParcel.objects.get()
    assert (row.state, row.reason) == ("waiting", "malformed")
    assert "Not readable as DICOM" in client_of(anna).get("/quarantine/").text
    assert "AAL_CT3" not in admin.get("/quarantine/?tab=files").text
    assert admin.get(f"/quarantine/{row.pk}/delete/").status_code == 404


def test_an_institution_must_be_chosen(bank: House, admin: Client) -> None:
    row = set_aside(bank)[0]
    page = ask(admin, row, "release", register="on")
    assert "Not saved: 1 field needs a change" in page
    row.refresh_from_db()
    assert row.state == "waiting"


def test_a_name_that_is_no_ae_title_cannot_be_trusted_but_released(
    bank: House, admin: Client, aal: Institution
) -> None:
    row = set_aside(bank, calling_ae="A\\B")[0]
    assert "cannot be registered" in ask(admin, row, "release", institution=aal.pk, register="on")
    assert "this time only" in ask(admin, row, "release", institution=aal.pk)
    assert not Sender.objects.exists()


def test_a_sender_of_another_institution_is_not_moved(bank: House, admin: Client, aal: Institution) -> None:
    sender = Sender.objects.create(ae_title="AAL_CT3", network="10.81.4.27", is_active=False)
    ouh = Institution.objects.create(code="OUH", name="Odense")
    SenderInstitution.objects.create(sender=sender, institution=ouh)
    page = ask(admin, set_aside(bank)[0], "release", institution=aal.pk, register="on")
    assert "It sends for OUH." in page
    assert QuarantinedParcel.objects.get().state == "waiting"


def test_delete_asks_for_the_number(bank: House, admin: Client) -> None:
    row = set_aside(bank, 3)[0]
    assert "Delete 3 CT images from AAL_CT3?" in admin.get(f"/quarantine/{row.pk}/delete/").text
    for wrong in ("", "2", "three", "3.0", "-3"):
        page = ask(admin, row, "delete", typed_number=wrong)
        assert "Not saved: 1 field needs a change" in page
    assert len(bank.tray.quarantined()) == 3
    assert "3 files deleted." in ask(admin, row, "delete", typed_number=" 3 ")
    assert bank.tray.quarantined() == []
    assert [e.detail["files"] for e in Entry.objects.filter(action="delete from quarantine")] == [3]


def test_files_that_came_after_the_page_are_not_deleted_with_it(bank: House, admin: Client) -> None:
    row = set_aside(bank, 2)[0]
    upto = admin.get(f"/quarantine/{row.pk}/delete/").context["form"].initial["upto"]
    late = set_aside(bank)[0]
    admin.post(f"/quarantine/{row.pk}/delete/", {"upto": upto, "typed_number": "2"})
    late.refresh_from_db()
    assert late.state == "waiting"
    assert bank.tray.quarantined() == [late.parcel_id]


def test_a_form_sent_twice_acts_once_and_says_so(bank: House, admin: Client, aal: Institution) -> None:
    row = set_aside(bank)[0]
    form = {"upto": row.pk, "institution": aal.pk}
    admin.post(f"/quarantine/{row.pk}/release/", form)
    bank.clock.at += timedelta(minutes=2)  # type: ignore[attr-defined]
    page = admin.post(f"/quarantine/{row.pk}/release/", form, follow=True).text
    assert "Nothing was changed: Ada Admin released these files (2 min ago)." in page
    page = admin.post(
        f"/quarantine/{row.pk}/delete/", {"upto": row.pk, "typed_number": "1"}, follow=True
    ).text
    assert "Ada Admin released these files" in page
    assert Entry.objects.count() == 1


def test_people_see_unclear_files_of_their_own_institution_only(
    bank: House, client_of: ClientOf, person_of: PersonOf
) -> None:
    anna, bo = person_of("OUH"), person_of("AAL")
    ouh, aal = (p.affiliations.get().institution for p in (anna, bo))
    mine = set_aside(bank, reason="malformed", institution=ouh, calling_ae="OUH_CT")[0]
    other = set_aside(bank, reason="malformed", institution=aal, calling_ae="AAL_CT")[0]
    nobodys = set_aside(bank, calling_ae="STRANGER")[0]
    sealed = set_aside(bank, reason="unreadable", calling_ae="", address="")[0]
    browser = client_of(anna)
    for path in ("", "?tab=senders", "?tab=files", "?tab=files&format=csv"):
        answer = browser.get(f"/quarantine/{path}")
        page = b"".join(answer).decode() if answer.streaming else answer.text
        assert "OUH_CT" in page
        assert not {name for name in ("AAL_CT", "STRANGER", "Unknown senders") if name in page}
    assert browser.get(f"/quarantine/{mine.pk}/release/").status_code == 200
    for row in (other, nobodys, sealed):
        for act in ("release", "delete"):
            assert browser.get(f"/quarantine/{row.pk}/{act}/").status_code == 404
            sent = {"upto": row.pk, "typed_number": "1", "institution": ouh.pk}
            assert browser.post(f"/quarantine/{row.pk}/{act}/", sent).status_code == 404
    assert browser.post("/quarantine/carry-out/").status_code == 404
    assert set(QuarantinedParcel.objects.values_list("state", flat=True)) == {"waiting"}


def test_who_may_decide_about_their_own_decides_about_nothing_else(
    bank: House, client_of: ClientOf, person_of: PersonOf
) -> None:
    anna, bo = person_of("OUH"), person_of("AAL")
    ouh, aal = (p.affiliations.get().institution for p in (anna, bo))
    mine = set_aside(bank, 2, reason="malformed", institution=ouh)[0]
    other = set_aside(bank, reason="malformed", institution=aal)[0]
    nobodys = set_aside(bank)[0]
    browser = client_of(anna)
    for row in (other, nobodys):
        assert browser.get(f"/quarantine/{row.pk}/release/").status_code == 404
    assert "2 files deleted." in ask(browser, mine, "delete", typed_number="2")
    assert Entry.objects.get().institution == "OUH"
    assert "2 CT images" in browser.get("/quarantine/?tab=decided").text
    assert "2 CT images" not in client_of(bo).get("/quarantine/?tab=decided").text


def test_a_grant_that_ended_ends_the_view(bank: House, client_of: ClientOf, person_of: PersonOf) -> None:
    anna = person_of("OUH")
    grant = anna.affiliations.get()
    set_aside(bank, reason="malformed", institution=grant.institution, calling_ae="OUH_CT")
    browser = client_of(anna)
    assert "OUH_CT" in browser.get("/quarantine/").text
    grant.until = bank.clock.now()
    grant.save()
    assert browser.get("/quarantine/").status_code == 404


def test_the_administrator_sees_unclear_files_only_where_no_institution_is_known(
    bank: House, admin: Client, aal: Institution
) -> None:
    set_aside(bank, reason="malformed", institution=aal, calling_ae="AAL_CT")
    row = set_aside(bank, reason="unreadable", calling_ae="", address="", sop_class_uid="")[0]
    page = admin.get("/quarantine/?tab=files").text
    assert "AAL_CT" not in page
    assert "Sealed for a key that is not here" in page
    assert "1 sealed file" in page
    assert "read again now" in ask(admin, row, "release")
    row.refresh_from_db()
    assert (row.state, row.institution) == ("released", None)


def test_what_was_decided_stays_to_be_read(bank: House, admin: Client, aal: Institution) -> None:
    ask(admin, set_aside(bank, 2)[0], "release", institution=aal.pk, register="on")
    ask(admin, set_aside(bank, 1, calling_ae="ANY")[0], "delete", typed_number="1")
    page = admin.get("/quarantine/?tab=decided").text
    for words in ("Released to AAL", "and trusted from then on", "2 CT images", "Deleted", "Ada Admin"):
        assert words in page
    found = admin.get("/quarantine/?tab=decided&q=any").text
    assert "ANY" in found
    assert "AAL_CT3" not in found


def test_csv_holds_exactly_the_filtered_rows_and_no_formula(bank: House, admin: Client) -> None:
    set_aside(bank, 2, calling_ae="=SUM(A1)")
    set_aside(bank, 1, calling_ae="OTHER")

    def rows(path: str) -> list[list[str]]:
        text = b"".join(admin.get(path)).decode("utf-8-sig")
        return list(csv.reader(StringIO(text)))[1:]

    assert sorted(row[0] for row in rows("/quarantine/?format=csv")) == ["'=SUM(A1)", "OTHER"]
    assert [(row[0], row[6]) for row in rows("/quarantine/?q=%3Dsum&format=csv")] == [("'=SUM(A1)", "2")]


def test_a_list_of_many_groups_comes_in_pages_at_a_steady_cost(bank: House, admin: Client) -> None:
    def cost() -> int:
        with CaptureQueriesContext(
            connection,
        ) as asked:
            admin.get("/quarantine/?sort=sender")
        return len(asked)

    set_aside(bank, calling_ae="CT000")
    admin.get("/quarantine/")
    few = cost()
    for number in range(1, 35):
        set_aside(bank, calling_ae=f"CT{number:03}")
    assert cost() == few
    first, second = (admin.get(f"/quarantine/?sort=sender&page={n}").text for n in (1, 2))
    assert "CT029" in first
    assert "CT030" not in first
    assert "CT030" in second
    assert "Rows 31 to 35" in second


def test_an_empty_list_says_why_and_what_next(bank: House, admin: Client) -> None:
    assert "No unknown sender waits" in admin.get("/quarantine/").text
    assert "Everything that came could be read" in admin.get("/quarantine/?tab=files").text
    assert "Nothing was decided yet" in admin.get("/quarantine/?tab=decided").text
    page = admin.get("/quarantine/?q=%25%22%3E").text
    assert 'Nothing here matches "%&quot;&gt;"' in page
    assert "Drop the search" in page


@pytest.mark.parametrize(
    "address", ["?page=0", "?page=-1", "?page=9999999999999", "?page=x", "?sort=;drop", "?before=x", "?tab=x"]
)
def test_odd_addresses_are_no_faults(bank: House, admin: Client, address: str) -> None:
    set_aside(bank)
    for tab in ("", "&tab=decided"):
        assert admin.get(f"/quarantine/{address}{tab}").status_code == 200


def test_the_menu_counts_groups_and_is_amber_only_for_who_can_act(
    bank: House, admin: Client, client_of: ClientOf, person_of: PersonOf
) -> None:
    anna = person_of("OUH")
    set_aside(bank, 5)
    set_aside(bank, 5, calling_ae="OTHER")
    set_aside(bank, 2, reason="malformed", institution=anna.affiliations.get().institution)

    def line(browser: Client) -> dict[str, object]:
        groups = browser.get("/account/").context["menu"]
        return next(i for group in groups for i in group["items"] if i["url"] == "/quarantine/")

    assert (line(admin)["count"], line(admin)["needs_you"]) == (2, True)
    assert (line(client_of(anna))["count"], line(client_of(anna))["needs_you"]) == (1, True)


def test_what_is_still_to_be_moved_goes_on_in_portions(bank: House, admin: Client) -> None:
    rows = set_aside(bank, 3)
    QuarantinedParcel.objects.update(state="released")
    page = admin.get("/quarantine/").text
    assert "3 released files are on their way in" in page
    part = admin.post("/quarantine/carry-out/", headers={"HX-Request": "true"})
    assert "3 released files" in part.text
    assert sorted(bank.tray.waiting()) == sorted(row.parcel_id for row in rows)
    QuarantinedParcel.objects.update(state="done")
    part = admin.post("/quarantine/carry-out/", headers={"HX-Request": "true"})
    assert "All released files went in." in part.text
    assert "hx-trigger" not in part.text
    assert admin.post("/quarantine/carry-out/")["Location"] == "/quarantine/"
    assert admin.get("/quarantine/carry-out/").status_code == 405
