"""Institutions on pages: who sees which, added, changed, never overwritten unseen (R11, R12)."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from django.test import Client

from planbank.house import House
from planbank.people.models import Affiliation, Institution, Region, Sender, SenderInstitution, User
from planbank.people.zones import end_of

ClientOf = Callable[[User | None], Client]
PersonOf = Callable[[str], User]
RECORD = {"code": "OUH", "name": "Odense", "country": "dk", "identity_scheme": "CPR", "is_active": "on"}


def admin_of(person_of: PersonOf, code: str) -> User:
    user = person_of(code)
    Affiliation.objects.filter(user=user).update(is_admin=True)
    return user


def test_each_sees_what_they_administer(
    bank: House, client_of: ClientOf, person_of: PersonOf, site_admin: User
) -> None:
    admin, staff = admin_of(person_of, "OUH"), person_of("AUH")
    ouh, auh = Institution.objects.get(code="OUH"), Institution.objects.get(code="AUH")
    page = client_of(site_admin).get("/institutions/").text
    assert "OUH" in page and "AUH" in page and "nobody" in page
    page = client_of(admin).get("/institutions/").text
    assert "Hospital OUH" in page and "Hospital AUH" not in page and "New institution" not in page
    assert client_of(admin).get(f"/institutions/{ouh.pk}/").status_code == 200
    for who, pk in ((admin, auh.pk), (staff, ouh.pk), (admin, 99999)):
        assert client_of(who).get(f"/institutions/{pk}/").status_code == 404
    assert client_of(staff).get(f"/institutions/{auh.pk}/").status_code == 403  # it is their own
    for who in (admin, staff):
        assert client_of(who).get("/institutions/new/").status_code == 404
        assert client_of(who).get(f"/institutions/{ouh.pk}/edit/").status_code in (403, 404)
    assert client_of(staff).get("/institutions/").status_code == 404


def test_added_changed_and_listed(bank: House, client_of: ClientOf, site_admin: User) -> None:
    admin = client_of(site_admin)
    assert "No institution yet" in admin.get("/institutions/").text
    answer = admin.post("/institutions/new/", {**RECORD, "new_region": "Syddanmark"})
    row = Institution.objects.get()
    assert answer["Location"] == f"/institutions/{row.pk}/"
    assert (row.country, row.region) == ("DK", Region.objects.get())
    assert "Nobody administers it" in admin.get(answer["Location"]).text
    again = admin.post("/institutions/new/", RECORD)
    assert again.status_code == 200 and "already exists" in again.text
    url = f"/institutions/{row.pk}/edit/"
    changed = {**RECORD, "code": "HACK", "time_zone": "Pacific/Auckland", "seen": row.revision}
    assert admin.post(url, changed).status_code == 302
    late = admin.post(url, {**changed, "name": "Late"})
    assert "meanwhile" in late.text and 'value="Late"' in late.text
    row.refresh_from_db()
    assert (row.code, row.name, row.time_zone) == ("OUH", "Odense", "Pacific/Auckland")
    assert "Pacific/Auckland" in admin.get(f"/institutions/{row.pk}/").text
    for wrong in ({"country": "Denmark"}, {"time_zone": "Nowhere"}, {"identity_scheme": "x"}, {"name": ""}):
        assert admin.post("/institutions/new/", {**RECORD, "code": "NEW", **wrong}).status_code == 200
    assert Institution.objects.count() == 1
    lines = b"".join(admin.get("/institutions/?format=csv")).decode().splitlines()
    assert lines[1].startswith("OUH,Odense,")
    assert "No institution matches" in admin.get("/institutions/?q=nothing").text


def test_a_name_from_outside_is_only_text(bank: House, client_of: ClientOf, site_admin: User) -> None:
    row = Institution.objects.create(code="X", name="<script>alert(1)</script>")
    sender = Sender.objects.create(ae_title="ARIA", network="10.0.0.1", description="<b>x</b>")
    SenderInstitution.objects.create(sender=sender, institution=row)
    page = client_of(site_admin).get(f"/institutions/{row.pk}/").text
    assert "ARIA" in page and "<script>alert" not in page and "<b>x</b>" not in page


def test_times_are_shown_in_the_zone_of_where_one_works(
    bank: House, client_of: ClientOf, person_of: PersonOf, site_admin: User
) -> None:
    """The clock stands at 08:30 UTC: 9:30 in Copenhagen, 21:30 in Auckland."""
    anna, bo = person_of("OUH"), person_of("AKL")
    Institution.objects.filter(code="AKL").update(time_zone="Pacific/Auckland")
    for user, shown in ((anna, "09:30:00"), (bo, "21:30:00"), (anna, "09:30:00")):
        assert shown in client_of(user).get("/account/").text, user.username
    # Of several zones none is theirs more than another: the site's.
    ouh = Institution.objects.get(code="OUH")
    Affiliation.objects.create(user=bo, institution=ouh, since=bank.clock.now())
    assert "09:30:00" in client_of(bo).get("/account/").text


def test_a_last_day_ends_at_midnight_of_the_institution(
    bank: House, client_of: ClientOf, person_of: PersonOf
) -> None:
    """Refused from that moment on, whatever day it is on the machine (R48, R49)."""
    bo = person_of("AKL")
    auckland = Institution.objects.get()
    auckland.time_zone = "Pacific/Auckland"
    auckland.save()
    now = bank.clock.now()
    until = end_of(now.date(), auckland)
    for at, seen in ((until - timedelta(seconds=1), True), (until, False)):
        assert until < datetime(2026, 11, 18, tzinfo=UTC)
        Affiliation.objects.update(until=until - (at - now))
        assert ("Hospital AKL" in client_of(bo).get("/account/").text) is seen
