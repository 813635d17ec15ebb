"""People and permissions on pages: given with a preview, confirmed, renewed, revoked (R46 to R54, R213)."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from planbank.access.models import Grant, Renewal
from planbank.house import House
from planbank.journal.models import Entry
from planbank.people.models import Affiliation, User
from planbank.protocols.levels import See
from planbank.protocols.models import Protocol
from tests.protocols.rows import ProtocolRows

ClientOf = Callable[[User | None], Client]


@pytest.fixture
def rows(bank: House, now: datetime) -> ProtocolRows:
    return ProtocolRows(now - timedelta(days=1))


@pytest.fixture
def brain(rows: ProtocolRows) -> Protocol:
    protocol = rows.protocol("BRAIN")
    rows.centre(protocol, "AUH"), rows.centre(protocol, "OUH")
    rows.join(protocol, rows.small_plan("OUH", "0101501234"))
    rows.join(protocol, rows.small_plan("OUH", "0202501234"))
    rows.join(protocol, rows.small_plan("AUH", "0303501234"))
    rows.small_plan("OUH", "0404501234")  # stands in no protocol
    return protocol


@pytest.fixture
def kaya(rows: ProtocolRows, brain: Protocol) -> User:
    user = rows.user("kaya", "AUH")
    rows.grant(user, "key-user", brain)
    return user


def url(protocol: Protocol, rest: str = "") -> str:
    return f"/protocols/{protocol.pk}/people/{rest}"


def form(protocol: Protocol, now: datetime, **changes: Any) -> dict[str, Any]:
    return {
        "username": "anna",
        "where": f"protocol-{protocol.pk}",
        "role": "reader",
        "see": int(See.PSEUDONYMISED),
        "take_out": 0,
        "until": f"{now + timedelta(days=100):%Y-%m-%d}",
        "reason": "heart doses",
        **changes,
    }


def test_who_opens_it(
    brain: Protocol, rows: ProtocolRows, kaya: User, client_of: ClientOf, site_admin: User
) -> None:
    reader, boss = rows.user("rita", "OUH"), rows.user("bodil", "OUH")
    rows.grant(reader, "reader", brain, see=See.PSEUDONYMISED)
    Affiliation.objects.filter(user=boss).update(is_admin=True)
    controller = rows.user("conny")
    rows.grant(controller, "controller", brain)
    for user, status in ((kaya, 200), (controller, 200), (site_admin, 200), (reader, 403), (boss, 403)):
        assert client_of(user).get(url(brain)).status_code == status, user
    assert client_of(None).get(url(brain)).status_code == 302
    other = rows.protocol("OTHER")
    assert client_of(kaya).get(url(other)).status_code == 404
    # An institution's administrator sees what its own people hold, and nothing of others.
    page = client_of(boss).get("/grants/").text
    assert "Rita" in page and "Kaya" not in page
    assert client_of(boss).get(f"/grants/{kaya.grants.get().pk}/").status_code == 404
    assert client_of(rows.user("nobody", "VLE")).get("/grants/").status_code == 404


def test_what_it_would_change_is_shown_before_it_is_given(
    brain: Protocol, rows: ProtocolRows, kaya: User, client_of: ClientOf, now: datetime
) -> None:
    anna, browser = rows.user("anna"), client_of(kaya)
    asked = form(brain, now, institutions=[rows.institution("OUH").pk])
    page = browser.post(url(brain, "give/"), {**asked, "show": "1"}).text
    assert "Anna would then see 2 plans from 2 patients of OUH, pseudonymised." in page
    assert "of AUH" not in page
    assert not anna.grants.exists(), "looking gives nothing"
    answer = browser.post(url(brain, "give/"), {**asked, "give": "1"})
    assert answer.status_code == 302
    row = anna.grants.get()
    assert (row.role, row.see, row.granted_by, row.every_institution) == ("reader", 2, kaya, False)
    assert client_of(anna).get("/plans/").text.count("/plans/") and "2 of" not in page
    assert Entry.objects.filter(action="give grant", protocol="BRAIN", actor="kaya").count() == 1
    # Sent twice it is given once, and says so.
    again = browser.post(url(brain, "give/"), {**asked, "give": "1"})
    assert again.status_code == 200 and "has exactly this already" in again.text
    assert anna.grants.count() == 1


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"username": "nobody-of-this-name"}, "No account in use"),
        ({"username": "kaya"}, "their own permissions"),
        ({"role": "auditor"}, "auditor"),
        ({"role": "controller"}, "controller"),
        ({"where": "protocol-999999"}, "999999"),
        ({"where": "site-0"}, "site-0"),
        ({"institutions": ["999999"]}, "999999"),
        ({"see": "9"}, "9"),
        ({"see": "3"}, "higher level than you have"),
        ({"take_out": "2"}, "has to see identities"),
        ({"role": "normal-user"}, "carries no levels"),
        ({"until": "2020-01-01"}, "This day is over"),
        ({"until": "2099-01-01"}, "at most 12 months"),
        ({"until": "soon"}, "date"),
        ({"reason": ""}, "required"),
    ],
)
def test_what_cannot_be_given_says_why_and_keeps_what_was_typed(
    brain: Protocol,
    rows: ProtocolRows,
    kaya: User,
    client_of: ClientOf,
    now: datetime,
    change: dict[str, Any],
    says: str,
) -> None:
    rows.user("anna")
    before = Grant.objects.count()
    for button in ("show", "give"):
        asked = {**form(brain, now), **change, button: "1"}
        page = client_of(kaya).post(url(brain, "give/"), asked)
        assert page.status_code == 200 and says in page.text, says
        assert change.get("reason") == "" or "heart doses" in page.text
    assert Grant.objects.count() == before


def test_a_second_person_confirms_where_the_protocol_wants_it(
    brain: Protocol, rows: ProtocolRows, kaya: User, client_of: ClientOf, now: datetime
) -> None:
    Protocol.objects.filter(pk=brain.pk).update(four_eyes=True)
    anna, karl = rows.user("anna"), rows.user("karl")
    rows.grant(karl, "key-user", brain)
    browser = client_of(kaya)
    assert "wants a second person" in browser.post(url(brain, "give/"), form(brain, now)).text
    browser.post(url(brain, "give/"), form(brain, now, give="1"))
    row = anna.grants.get()
    assert row.confirmed_at is None
    assert client_of(anna).get(f"/protocols/{brain.pk}/").status_code == 404
    assert "awaits a second person" in browser.get(url(brain)).text
    confirm = f"/grants/{row.pk}/confirm/"
    browser.post(confirm)
    row.refresh_from_db()
    assert row.confirmed_at is None, "who gave it does not confirm it"
    page = client_of(karl).get(confirm).text
    assert "Anna would then see 2 plans from 2 patients of OUH, pseudonymised." in page
    assert client_of(karl).post(confirm).status_code == 302
    row.refresh_from_db()
    assert row.confirmed_by == karl
    assert client_of(anna).get(f"/protocols/{brain.pk}/").status_code == 200, "at once"
    assert "decided already" in client_of(karl).post(confirm, follow=True).text


def test_renewal_one_and_in_bulk_by_another_person(
    brain: Protocol, rows: ProtocolRows, kaya: User, client_of: ClientOf, now: datetime
) -> None:
    soon = now + timedelta(days=12)
    Grant.objects.filter(user=kaya).update(until=soon)
    held = [
        rows.grant(rows.user(name), "reader", brain, see=See.PSEUDONYMISED, until=soon)
        for name in ("anna", "bert", "carl")
    ]
    browser = client_of(kaya)
    page = browser.get(url(brain)).text
    assert "4 permissions end within 30 days" in page and "lapses in 12 days" in page
    assert "Somebody else renews yours." in page
    marks = [f"{row.pk} {row.until.isoformat()}" for row in held]
    assert all(f'value="{mark}"'.replace("+", "&#x2B;") in page or mark in page for mark in marks)
    own = kaya.grants.get()
    answer = browser.post("/grants/renew/", {"grant": [*marks, f"{own.pk} {soon.isoformat()}"]}, follow=True)
    assert "their own permissions" in answer.text and not Renewal.objects.exists(), "all or none"
    back = {"to": f"protocol-{brain.pk}"}
    answer = browser.post("/grants/renew/", {"only": marks[0], "grant": marks[1:], **back}, follow=True)
    assert "1 permission is renewed." in answer.text and answer.redirect_chain[0][0] == url(brain)
    assert Renewal.objects.get().grant == held[0]
    again = browser.post("/grants/renew/", {"grant": marks, **back}, follow=True)
    assert "renewed meanwhile" in again.text and Renewal.objects.count() == 1
    answer = browser.post("/grants/renew/", {"grant": marks[1:], **back}, follow=True)
    assert "2 permissions are renewed." in answer.text
    assert "Nothing was chosen" in browser.post("/grants/renew/", back, follow=True).text


def test_forged_numbers_do_not_exist(
    brain: Protocol, rows: ProtocolRows, kaya: User, client_of: ClientOf, now: datetime
) -> None:
    elsewhere = rows.grant(rows.user("olga"), "reader", rows.protocol("OTHER"), see=See.PSEUDONYMISED)
    browser = client_of(kaya)
    for pk in (elsewhere.pk, 999_999):
        for rest in ("", "confirm/", "revoke/"):
            assert browser.get(f"/grants/{pk}/{rest}").status_code == 404, rest
        assert browser.post(f"/grants/{pk}/revoke/", {"reason": "x"}).status_code == 404
        assert browser.post(f"/grants/{pk}/restore/").status_code == 404
        mark = f"{pk} {elsewhere.until.isoformat()}"
        assert browser.post("/grants/renew/", {"grant": mark}).status_code == 404
        assert browser.get(f"/protocols/{brain.pk}/people/{pk}/").status_code == 404
        assert browser.get(f"/account/permissions/{pk}/end/").status_code == 404
    own = kaya.grants.get().pk
    for mark in ("x", "1", f"{own} never", f"{own}", "1e3 2026-01-01", "9" * 30):
        assert browser.post("/grants/renew/", {"grant": mark}).status_code == 404, mark
    elsewhere.refresh_from_db()
    assert elsewhere.revoked_at is None


def test_revoking_acts_at_once_and_can_be_undone(
    brain: Protocol, rows: ProtocolRows, kaya: User, client_of: ClientOf, bank: House, now: datetime
) -> None:
    anna = rows.user("anna")
    row = rows.grant(anna, "reader", brain, see=See.PSEUDONYMISED)
    browser, hers = client_of(kaya), client_of(anna)
    assert hers.get(f"/protocols/{brain.pk}/").status_code == 200
    page = browser.get(f"/grants/{row.pk}/revoke/").text
    assert "Anna would then see no plan of OUH any more." in page
    assert browser.post(f"/grants/{row.pk}/revoke/", {"reason": ""}).status_code == 200
    answer = browser.post(f"/grants/{row.pk}/revoke/", {"reason": "left the group"}, follow=True)
    assert f"/grants/{row.pk}/restore/" in answer.text
    assert hers.get(f"/protocols/{brain.pk}/").status_code == 404
    assert "revoked already" in browser.post(f"/grants/{row.pk}/revoke/", {"reason": "x"}, follow=True).text
    karl = rows.user("karl")
    rows.grant(karl, "key-user", brain)
    client_of(karl).post(f"/grants/{row.pk}/restore/")
    row.refresh_from_db()
    assert row.revoked_at is not None, "only who revoked it undoes it"
    browser.post(f"/grants/{row.pk}/restore/")
    assert hers.get(f"/protocols/{brain.pk}/").status_code == 200
    browser.post(f"/grants/{row.pk}/revoke/", {"reason": "again"})
    bank.clock.at = now + timedelta(hours=2)  # type: ignore[attr-defined]
    assert "Give a new one" in browser.post(f"/grants/{row.pk}/restore/", follow=True).text
    acts = Entry.objects.filter(object_kind="grant", object_id=str(row.pk)).values_list("action", flat=True)
    assert sorted(acts) == ["restore grant", "revoke grant", "revoke grant"]


def test_the_last_key_user_leaves_only_knowingly(
    brain: Protocol, rows: ProtocolRows, kaya: User, client_of: ClientOf
) -> None:
    row, browser = kaya.grants.get(), client_of(kaya)
    path = f"/account/permissions/{row.pk}/end/"
    assert "This is the last key user" in browser.get(path).text
    assert "Give somebody else the role first" in browser.post(path, {"reason": "retired"}).text
    row.refresh_from_db()
    assert row.revoked_at is None
    assert browser.post(path, {"reason": "retired", "knowingly": "on"}).status_code == 302
    row.refresh_from_db()
    assert row.revoked_by == kaya
    assert Entry.objects.get(action="revoke grant").detail["last_key_user"] is True


def test_what_somebody_sees_and_why(
    brain: Protocol, rows: ProtocolRows, kaya: User, client_of: ClientOf
) -> None:
    anna = rows.user("anna", "AUH")
    rows.grant(anna, "reader", brain, "OUH", see=See.PSEUDONYMISED)
    rows.grant(anna, "reader", rows.protocol("SECRET"), see=See.IDENTIFIED)
    page = client_of(kaya).get(url(brain, f"{anna.pk}/")).text
    assert "everything, own centre" in page and "pseudonymised" in page
    assert "reader, BRAIN" in page and "Therefore it is allowed" in page
    assert "SECRET" not in page, "what other protocols give is none of this key user's business"
    aside = client_of(kaya).get(f"{url(brain)}?person={anna.pk}").text
    assert "What Anna can see" in aside
    stranger = rows.user("stig", "RH")
    assert client_of(kaya).get(url(brain, f"{stranger.pk}/")).status_code == 404
    assert "What Stig" not in client_of(kaya).get(f"{url(brain)}?person={stranger.pk}").text
    assert Entry.objects.filter(action="explain access", object_id=str(anna.pk)).count() == 2


def test_who_can_see_a_patient(
    brain: Protocol, rows: ProtocolRows, kaya: User, client_of: ClientOf, site_admin: User
) -> None:
    anna, otto = rows.user("anna"), rows.user("otto", "OUH")
    rows.grant(anna, "reader", brain, see=See.PSEUDONYMISED)
    secret = rows.protocol("SECRET")
    sven = rows.user("sven")
    rows.grant(sven, "reader", secret, see=See.IDENTIFIED)
    plan_set = rows.join(secret, rows.small_plan("OUH", "0505501234"))
    rows.join(brain, plan_set)
    enrolment = brain.enrolments.get(patient=plan_set.patient_file.patient)
    enrolment.pseudonym = "P-7K3"
    enrolment.save()
    controller = rows.user("conny")
    rows.grant(controller, "controller", brain)
    path = f"/protocols/{brain.pk}/who/"
    page = client_of(controller).post(path, {"q": "P-7K3"}).text
    assert all(name in page for name in ("Anna", "Kaya", "Otto")) and "Sven" not in page
    assert "SECRET" not in page and "0505501234" not in page
    assert "No patient of this protocol" in client_of(controller).post(path, {"q": "P-XXX"}).text
    assert client_of(site_admin).get(path).status_code == 404
    assert client_of(anna).get(path).status_code == 403
    # From the patient's page: the institution's administrator is told everything.
    file = plan_set.patient_file
    who = f"/patients/{file.pk}/who/"
    assert client_of(otto).get(who).status_code == 404
    assert client_of(kaya).get(who).status_code == 200 and "SECRET" not in client_of(kaya).get(who).text
    Affiliation.objects.filter(user=otto).update(is_admin=True)
    page = client_of(otto).get(who).text
    assert "Sven" in page and "SECRET" in page
    assert who in client_of(otto).get(f"/patients/{file.pk}/").text
    assert client_of(site_admin).get(who).status_code == 404
    assert Entry.objects.filter(action="ask who sees").count() == 4


def test_an_institutions_administrator_gives_its_people_what_it_may(
    brain: Protocol, rows: ProtocolRows, client_of: ClientOf, now: datetime
) -> None:
    boss, nils = rows.user("bodil", "OUH"), rows.user("nils", "OUH")
    Affiliation.objects.filter(user=boss).update(is_admin=True)
    browser = client_of(boss)
    page = browser.get("/grants/give/").text
    assert ("protocol BRAIN" in page and "Normal user" in page) or (
        "normal user" in page and 'value="key-user"' not in page
    )
    asked = form(brain, now, username="nils", role="normal-user", see=0, give="1")
    assert browser.post("/grants/give/", asked).status_code == 302
    assert nils.grants.get().granted_by == boss
    rows.user("anders", "AUH")
    assert "You may not give this" in browser.post("/grants/give/", {**asked, "username": "anders"}).text


def test_the_overview_tells_holder_and_renewers(
    brain: Protocol, rows: ProtocolRows, kaya: User, client_of: ClientOf, now: datetime, site_admin: User
) -> None:
    anna = rows.user("anna")
    rows.grant(anna, "reader", brain, see=See.PSEUDONYMISED, until=now + timedelta(days=12))
    assert "A permission of yours ends in 12 days" in client_of(anna).get("/").text
    assert "1 permission of others ends within 30 days" in client_of(kaya).get("/").text
    page = client_of(anna).get("/account/permissions/").text
    assert "lapses in 12 days" in page and "nobody renews their own" in page
    Grant.objects.filter(user=kaya).update(until=now + timedelta(days=5))
    assert "The last key user of BRAIN lapses soon" in client_of(site_admin).get("/").text
    assert "BRAIN" in client_of(site_admin).get("/grants/").text


def test_names_are_escaped_and_the_csv_is_the_filtered_rows(
    brain: Protocol, rows: ProtocolRows, kaya: User, client_of: ClientOf
) -> None:
    anna = rows.user("anna")
    User.objects.filter(pk=anna.pk).update(name="=<script>x")
    rows.grant(anna, "reader", brain, see=See.PSEUDONYMISED, reason="<b>")
    page = client_of(kaya).get(url(brain)).text
    assert "<script>x" not in page
    csv = b"".join(client_of(kaya).get(f"{url(brain)}?role=reader&format=csv")).decode()
    assert "'=<script>x" in csv and "Kaya" not in csv and len(csv.strip().splitlines()) == 2
    assert "Nobody fits these filters" in client_of(kaya).get(f"{url(brain)}?q=zzz").text


def test_more_people_cost_no_more_queries(
    brain: Protocol, rows: ProtocolRows, kaya: User, client_of: ClientOf, now: datetime
) -> None:
    browser, counted = client_of(kaya), []
    for first, last in ((0, 3), (3, 23)):
        for n in range(first, last):
            user = rows.user(f"p{n}", "OUH")
            rows.grant(user, "reader", brain, "OUH", see=See.PSEUDONYMISED, until=now + timedelta(days=9))
        browser.get(url(brain))
        with CaptureQueriesContext(connection) as seen:
            assert f"{last} permissions end within 30 days" in browser.get(url(brain)).text
        counted.append(len(seen))
    assert counted[0] == counted[1], counted
