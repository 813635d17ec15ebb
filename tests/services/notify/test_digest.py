"""Digests and reminders by date, in the zone of who reads them (R33, R49, R118, R152)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from planbank.access.models import Grant
from planbank.catalogue.models import PatientFile, Receipt
from planbank.house import FixedClock, House
from planbank.messages.kinds import sentence
from planbank.messages.models import Choice, Event, EventKind, Message, Notice, SenderNotices, Telling
from planbank.people.models import Affiliation, Institution, Sender, User
from planbank.protocols.models import Agreement
from planbank.services.notify import notify_once
from planbank.services.notify.centre import write_digests
from planbank.services.notify.reminders import remind
from planbank.services.notify.times import last_morning, zone_of
from tests.mail_server import Taken
from tests.protocols.rows import ProtocolRows
from tests.sending import register_sender

ZONES = [
    "Europe/Copenhagen",
    "America/New_York",
    "Asia/Kathmandu",
    "Pacific/Apia",
    "UTC",
    "Australia/Lord_Howe",
]
MOMENTS = st.datetimes(datetime(2020, 1, 1), datetime(2035, 1, 1), timezones=st.just(UTC))


@given(MOMENTS, st.sampled_from(ZONES), st.booleans())
def test_a_morning_is_seven_there_on_its_day_and_never_ahead(now: datetime, name: str, weekly: bool) -> None:
    zone = ZoneInfo(name)
    day, moment = last_morning(now, zone, weekly=weekly)
    there = moment.astimezone(zone)
    assert (there.date(), there.hour) == (day, 7) and moment <= now
    assert not weekly or day.weekday() == 0
    assert now - moment < timedelta(days=7 if weekly else 1, hours=1) + timedelta(
        hours=24 * (name == "Pacific/Apia")
    )


@given(MOMENTS, st.sampled_from(ZONES), st.booleans())
def test_looking_every_minute_finds_each_morning_once(now: datetime, name: str, weekly: bool) -> None:
    """Two looks that see the same day see the same moment: a change of the clocks makes none twice."""
    zone = ZoneInfo(name)
    day, moment = last_morning(now, zone, weekly=weekly)
    assert last_morning(moment, zone, weekly=weekly) == (day, moment)
    assert last_morning(moment - timedelta(seconds=1), zone, weekly=weekly)[0] < day


def test_a_zone_that_is_none_falls_back() -> None:
    assert str(zone_of("Nowhere/Land", "Europe/Copenhagen")) == "Europe/Copenhagen"
    assert str(zone_of("", "../etc/passwd")) == "UTC"


@pytest.fixture
def ouh(bank: House) -> Institution:
    register_sender("OUH")
    return Institution.objects.get(code="OUH")


@pytest.fixture
def mette(ouh: Institution, now: datetime) -> User:
    user = User.objects.create_user("mette", name="Mette", email="mette@ouh.example")
    Affiliation.objects.create(user=user, institution=ouh, since=now - timedelta(days=9))
    return user


def at(house: House, when: datetime) -> House:
    return replace(house, clock=FixedClock(when))


def event(ouh: Institution, when: datetime, n: int = 1, kind: str = "refused") -> None:
    for _n in range(n):
        params = {"calling_ae": "TPS", "reason": "cut short"}
        Event.objects.create(at=when, kind=kind, institution=ouh, params=params)


def choose(user: User, kind: str, how: str) -> None:
    Choice.objects.update_or_create(user=user, kind=kind, channel="email", defaults={"how": how})


def test_five_hundred_refusals_are_one_mail(
    posting: House, taken: Taken, ouh: Institution, mette: User, now: datetime
) -> None:
    choose(mette, "refused", "now")
    event(ouh, now, 500)
    notify_once(posting)
    assert taken.mails == [], "what belongs together is waited for"
    notify_once(at(posting, now + timedelta(seconds=20)))
    (mail,) = taken.mails
    text = mail.get_body(("plain",)).get_content()  # type: ignore[union-attr]
    assert "500 times" in text and "TPS" in text and mail["To"] == mette.email
    event(ouh, now, 3)
    notify_once(at(posting, now + timedelta(minutes=2)))
    assert len(taken.mails) == 1, "not again within ten minutes"
    notify_once(at(posting, now + timedelta(minutes=12)))
    assert len(taken.mails) == 2


def test_nobody_hears_of_another_institution_or_after_leaving(
    posting: House, taken: Taken, ouh: Institution, mette: User, now: datetime
) -> None:
    other = Institution.objects.create(code="AUH", name="Aarhus")
    for user in (mette, User.objects.create_user("jens", name="Jens", email="jens@auh.example")):
        choose(user, "refused", "now")
    Affiliation.objects.create(user=User.objects.get(username="jens"), institution=other, since=now)
    event(other, now)
    Affiliation.objects.filter(user__username="mette").update(until=now - timedelta(hours=1))
    event(ouh, now)
    notify_once(posting)
    assert [(n.user.username, n.event.institution) for n in Notice.objects.all()] == [("jens", other)]


def test_daily_and_weekly_come_in_the_morning_and_never_never(
    posting: House, taken: Taken, ouh: Institution, mette: User
) -> None:
    tuesday = datetime(2026, 11, 17, 12, tzinfo=UTC)
    for kind, how in (("refused", "daily"), ("quarantined", "weekly"), ("new-version", "never")):
        choose(mette, kind, how)
        event(ouh, tuesday, kind=kind)
    notify_once(at(posting, tuesday))
    notify_once(at(posting, tuesday + timedelta(hours=11)))
    assert taken.mails == []
    notify_once(at(posting, datetime(2026, 11, 18, 6, 30, tzinfo=UTC)))
    assert [mail["Subject"] for mail in taken.mails] == [
        "[Please act] The gate refused an object from TPS: cut short"
    ]
    notify_once(at(posting, datetime(2026, 11, 22, 12, tzinfo=UTC)))
    assert len(taken.mails) == 1
    notify_once(at(posting, datetime(2026, 11, 23, 6, 30, tzinfo=UTC)))
    assert len(taken.mails) == 2 and not Telling.objects.filter(told_at=None).exists()
    assert Notice.objects.count() == 3, "all three stand on the page of notices"


def test_a_default_is_what_the_kind_says(
    posting: House, ouh: Institution, mette: User, now: datetime
) -> None:
    event(ouh, now, kind="received")
    notify_once(posting)
    assert Telling.objects.get().how == "weekly"


@pytest.fixture
def waiting(ouh: Institution, now: datetime) -> Iterator[Receipt]:
    """A receipt of OUH with something to look at, and a contact."""
    SenderNotices.objects.create(sender=Sender.objects.get(), recipients=["physics@ouh.example"])
    file = PatientFile.objects.create(institution=ouh, first_received_at=now, last_received_at=now)
    line = {"state": "warn", "code": "no-dose-received", "params": {}, "about": ""}
    times = {"made_at": now, "written_at": now, "received_at": now, "final_at": now}
    yield Receipt.objects.create(
        patient_file=file,
        institution=ouh,
        sop_instance_uid="1.2.3",
        calling_ae="TPS",
        state="warn",
        lines=[line],
        **times,
    )


def test_the_week_of_a_centre_is_one_mail_on_monday_morning_there(
    posting: House, taken: Taken, waiting: Receipt, ouh: Institution, mette: User
) -> None:
    choose(mette, EventKind.CENTRE_WEEK, "weekly")
    monday = datetime(2026, 11, 23, 6, tzinfo=UTC)  # 07:00 in Copenhagen
    assert write_digests(at(posting, monday - timedelta(minutes=1))) == 0
    assert write_digests(at(posting, monday)) == 2
    for hours in range(30):
        assert write_digests(at(posting, monday + timedelta(hours=hours))) == 0
    notify_once(at(posting, monday))
    assert sorted(taken.to) == ["mette@ouh.example", "physics@ouh.example"]
    text = taken.mails[0].get_body(("plain",)).get_content()  # type: ignore[union-attr]
    assert "1 plan set" in taken.mails[0]["Subject"] and waiting.number in text
    assert f"https://bank.example/receipts/{waiting.pk}/" in text
    assert write_digests(at(posting, monday + timedelta(days=7))) == 2, "still open a week later"


def test_a_centre_in_another_zone_gets_its_own_monday(
    posting: House, waiting: Receipt, ouh: Institution
) -> None:
    Institution.objects.update(time_zone="Asia/Tokyo")
    assert write_digests(at(posting, datetime(2026, 11, 22, 21, 59, tzinfo=UTC))) == 0
    assert write_digests(at(posting, datetime(2026, 11, 22, 22, 0, tzinfo=UTC))) == 1


def test_the_night_the_clocks_change_doubles_nothing(
    posting: House, waiting: Receipt, ouh: Institution
) -> None:
    """25 October 2026, 03:00 becomes 02:00: looked at every ten minutes over three days."""
    Receipt.objects.update(received_at=datetime(2026, 10, 21, tzinfo=UTC))
    start = datetime(2026, 10, 24, 12, tzinfo=UTC)
    made = [
        start + timedelta(minutes=10 * n)
        for n in range(6 * 72)
        if write_digests(at(posting, start + timedelta(minutes=10 * n)))
    ]
    assert made == [datetime(2026, 10, 26, 6, tzinfo=UTC)], "07:00 there is 06:00 UTC from that night on"


def test_nothing_to_say_is_no_mail(posting: House, ouh: Institution) -> None:
    SenderNotices.objects.create(sender=Sender.objects.get(), recipients=["physics@ouh.example"])
    assert write_digests(at(posting, datetime(2026, 11, 23, 6, tzinfo=UTC))) == 0


def test_a_bank_that_was_off_for_long_does_not_look_back(posting: House, waiting: Receipt) -> None:
    assert write_digests(at(posting, datetime(2026, 11, 27, 12, tzinfo=UTC))) == 0


def test_a_grant_is_reminded_of_at_30_7_and_1_days_and_when_it_is_over(
    posting: House, mette: User, now: datetime
) -> None:
    other = User.objects.create_user("kaya", name="Kaya")
    until = now + timedelta(days=40)
    grant = Grant.objects.create(
        user=mette,
        role="auditor",
        scope_kind="site",
        since=now,
        until=until,
        granted_at=now,
        granted_by=other,
        confirmed_at=now,
    )
    keys: list[int] = []
    for hours in range(0, 24 * 46, 6):
        remind(at(posting, now + timedelta(hours=hours)))
        keys.append(Event.objects.filter(key__startswith=f"grant:{grant.pk}:").count())
    assert keys[-1] == 4 and sorted(set(keys)) == [0, 1, 2, 3, 4]
    assert keys.index(1) * 6 == 24 * 10 and keys.index(4) * 6 == 24 * 40
    told = Event.objects.filter(user=mette).order_by("pk").values_list("kind", flat=True)
    assert list(told) == ["permission-expiring"] * 3 + ["permission-ended"]
    grant.until = until + timedelta(days=365)
    grant.save()
    remind(at(posting, grant.until - timedelta(days=29)))
    assert Event.objects.filter(user=mette).count() == 5, "a renewal begins anew"


def test_an_affiliation_that_goes_on_by_another_row_is_not_reminded_of(
    posting: House, mette: User, ouh: Institution, now: datetime
) -> None:
    Affiliation.objects.update(until=now + timedelta(days=5))
    remind(posting)
    assert Event.objects.get().kind == "permission-expiring"
    Event.objects.all().delete()
    Affiliation.objects.create(user=mette, institution=ouh, since=now)
    remind(posting)
    assert not Event.objects.exists()


def test_messages_that_went_are_emptied_after_a_month(
    posting: House, waiting: Receipt, now: datetime
) -> None:
    from planbank.services.notify.run import by_date

    monday = at(posting, datetime(2026, 11, 23, 6, tzinfo=UTC))
    write_digests(monday)
    notify_once(monday)
    by_date(at(posting, monday.clock.now() + timedelta(days=31)))
    row = Message.objects.order_by("pk").first()
    assert row is not None and (row.text, row.html, row.state) == ("", "", "sent")


def test_an_agreement_of_an_active_protocol_is_told_of_before_and_when_it_is_over(
    posting: House, now: datetime
) -> None:
    rows = ProtocolRows(now)
    brain, draft = rows.protocol("BRAIN"), rows.protocol("DRAFT", status="draft")
    for protocol in (brain, draft):
        Agreement.objects.create(
            protocol=protocol, kind="processor", title="DPA 7", signed_on=now.date(), valid_until=now.date()
        )
    own = Agreement.objects.filter(protocol=brain)
    told = []
    for ahead in (40, 30, 29, 7, 1, -1, -5):
        own.update(valid_until=(now + timedelta(days=ahead)).date())
        remind(posting)
        told.append(Event.objects.filter(kind=EventKind.AGREEMENT).count())
    assert told == [0, 1, 2, 3, 4, 5, 5], "each end once at each step, drafts not at all"
    remind(posting)
    assert Event.objects.filter(kind=EventKind.AGREEMENT).count() == 5
    event = Event.objects.filter(kind=EventKind.AGREEMENT).first()
    assert event is not None and (event.scope_kind, event.scope_id) == ("protocol", brain.pk)
    assert "DPA 7" in sentence(event.kind, event.params) and "BRAIN" in sentence(event.kind, event.params)
