"""The services page: how the work stands, and running it again."""

from __future__ import annotations

import csv
from datetime import datetime, timedelta
from io import StringIO
from typing import TYPE_CHECKING

import pytest
from django.db import connection
from procrastinate.contrib.django.models import ProcrastinateJob

from planbank.catalogue.models import InstanceVersion
from planbank.journal.models import Entry
from planbank.people.models import Sender, SenderCertificate, User
from planbank.pipeline import everything
from planbank.pipeline.due import make_due
from planbank.pipeline.models import Outcome, Rerun, State
from planbank.pipeline.registry import SERVICES
from planbank.services.register import register_once
from planbank.web.pages.services import again
from planbank.web.pages.services import numbers as counting
from planbank.web.pages.services.numbers import in_order, numbers
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


def outcome(house: House, subject_id: int = 1, service: str = "analyse", **fields: object) -> Outcome:
    """An outcome of the present version of a service, made due a moment ago."""
    spec = SERVICES[service]
    values: dict[str, object] = {
        "subject_kind": spec.subject,
        "version": spec.version,
        "lane": f"lane:{subject_id}",
        "state": State.FAILED,
        "due_at": house.clock.now() - timedelta(minutes=subject_id),
    }
    return Outcome.objects.create(service=service, subject_id=subject_id, **(values | fields))


def standing_of(house: House, service: str) -> counting.Standing:
    return next(s for s in numbers(house).services if s.service.name == service)


def jobs() -> list[tuple[str, int]]:
    listed = ProcrastinateJob.objects.filter(status="todo").order_by("lock")
    return list(listed.values_list("lock", "priority"))


def test_only_the_system_administrator_may_look_or_run(
    bank: House, client_of: ClientOf, person_of: PersonOf
) -> None:
    row = outcome(bank)
    paths = ["/services/", "/services/numbers/", "/services/analyse/run/"]
    posts = [f"/services/outcome/{row.pk}/run/", "/services/analyse/failed/run/", "/services/analyse/run/"]
    anna = client_of(person_of("OUH"))
    assert {anna.get(path).status_code for path in paths} == {404}
    assert {anna.post(path).status_code for path in posts} == {404}
    nobody = client_of(None)
    assert {nobody.get(path).status_code for path in paths} == {302}
    assert {nobody.post(path).status_code for path in posts} == {302}
    row.refresh_from_db()
    assert row.state == State.FAILED
    assert not Entry.objects.exists()


def test_it_counts_what_lies_in_transit_what_is_due_and_what_failed(bank: House, admin: Client) -> None:
    register_sender()
    deposit(bank, ct())
    register_once(bank)
    deposit(bank, ct())
    outcome(bank, 90, state=State.FAILED, reason="Rows and Columns do not fit the pixel data.")
    outcome(bank, 91, state=State.WAITING, reason="images")
    outcome(bank, 92, state=State.LATER)
    outcome(bank, 93, state=State.DONE, finished_at=bank.clock.now() - timedelta(hours=3))
    outcome(bank, 94, version=0)
    found = numbers(bank)
    assert found.load.parcels == 1
    assert found.load.bytes > 0
    todo = ProcrastinateJob.objects.filter(status="todo").count()
    assert todo > 0
    assert found.jobs == {"todo": todo, "doing": 0, "failed": 0}
    assert found.busy
    standing = standing_of(bank, "analyse")
    assert (standing.done, standing.due, standing.waiting, standing.later, standing.failed) == (1, 1, 1, 1, 1)
    assert standing.last_finished == bank.clock.now() - timedelta(hours=3)
    page = admin.get("/services/").text
    assert "Rows and Columns do not fit the pixel data." in page
    assert "Working" in page


def test_services_stand_in_the_order_in_which_they_work() -> None:
    names = [spec.name for spec in in_order()]
    assert sorted(names) == sorted(spec.name for spec in SERVICES)
    for spec in SERVICES:
        before = [name for name in spec.after if name in SERVICES]
        assert all(names.index(name) < names.index(spec.name) for name in before)


def test_a_large_bank_is_estimated_and_says_so(
    bank: House, admin: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    spec, now = SERVICES["analyse"], bank.clock.now()
    Outcome.objects.bulk_create(
        Outcome(
            service="analyse",
            subject_kind=spec.subject,
            subject_id=n,
            version=spec.version,
            lane="x",
            state=State.DONE if n > 20 else State.WAITING,
            due_at=now,
            finished_at=now,
        )
        for n in range(1, 1001)
    )
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE pipeline_outcome")
    outcome(bank, 1, "link", state=State.DONE)
    monkeypatch.setattr(counting, "EXACT_TO", 100)
    standing = standing_of(bank, "analyse")
    assert (standing.done, standing.done_is_estimate, standing.waiting) == (980, True, 20)
    standing = standing_of(bank, "link")
    assert (standing.done, standing.done_is_estimate) == (1, False)
    assert "about 1" in admin.get("/services/analyse/run/").text
    monkeypatch.setattr(counting, "EXACT_TO", 10_000)
    standing = standing_of(bank, "analyse")
    assert (standing.done, standing.done_is_estimate) == (980, False)


def test_nothing_on_the_page_tells_of_a_patient(bank: House, admin: Client) -> None:
    register_sender()
    deposit(bank, ct(PatientName="Hidden^Name", PatientID="0101501234"))
    register_once(bank)
    version = InstanceVersion.objects.get()
    Outcome.objects.update(state=State.FAILED, reason="It cannot be read.")
    texts = [admin.get("/services/").text, b"".join(admin.get("/services/?format=csv")).decode()]
    for text in texts:
        assert f"{version.pk}" in text
        for hidden in ("Hidden", "0101501234", version.sop_instance_uid):
            assert hidden not in text


def test_one_subject_is_run_again_in_the_background(bank: House, admin: Client, site_admin: User) -> None:
    row = outcome(bank, 7, attempts=3, reason="It cannot be read.")
    kept = {"list": "?service=analyse"}
    for _ in range(2):
        answer = admin.post(f"/services/outcome/{row.pk}/run/", kept)
        assert answer["Location"] == "/services/?service=analyse"
    row.refresh_from_db()
    assert (row.state, row.due_at, row.attempts, row.reason) == (State.DUE, bank.clock.now(), 0, "")
    assert jobs() == [("lane:7", 0)]
    assert "runs again on" in admin.get("/services/").text
    entry = Entry.objects.first()
    assert entry is not None
    assert (entry.actor, entry.action, entry.object_id) == (site_admin.username, "run again", "analyse")
    assert entry.detail == {"which": "one", "subjects": 1}


def test_an_old_outcome_is_run_in_the_version_of_today(bank: House, admin: Client) -> None:
    row = outcome(bank, 7, version=0)
    admin.post(f"/services/outcome/{row.pk}/run/")
    today = Outcome.objects.get(version=SERVICES["analyse"].version)
    assert (today.state, today.subject_id) == (State.DUE, 7)


def test_all_that_failed_and_nothing_else_is_run_again(bank: House, admin: Client) -> None:
    for n in (1, 2, 3):
        outcome(bank, n)
    waiting = outcome(bank, 4, state=State.WAITING, reason="images")
    page = admin.post("/services/analyse/failed/run/", follow=True).text
    assert "analyse runs again on 3 subjects." in page
    assert Outcome.objects.filter(state=State.DUE).count() == 3
    waiting.refresh_from_db()
    assert waiting.state == State.WAITING
    assert jobs() == [("lane:1", 0), ("lane:2", 0), ("lane:3", 0)]
    assert Entry.objects.get().detail == {"which": "failed", "subjects": 3}


def test_everything_is_run_again_after_a_question(bank: House, admin: Client) -> None:
    register_sender()
    for _ in range(3):
        deposit(bank, ct())
    register_once(bank)
    Outcome.objects.update(state=State.DONE)
    ProcrastinateJob.objects.all().delete()
    assert "Run analyse again on everything, 3 in all?" in admin.get("/services/analyse/run/").text
    assert not Outcome.objects.filter(state=State.DUE).exists()
    page = admin.post("/services/analyse/run/", follow=True).text
    assert "analyse runs again on 3 subjects." in page
    assert Outcome.objects.filter(service="analyse", state=State.DUE).count() == 3
    assert {priority for _lane, priority in jobs()} == {0}
    assert Entry.objects.filter(action="run again").get().detail == {"which": "all", "subjects": 3}


def test_very_much_is_queued_in_the_background_and_the_page_counts(
    bank: House, admin: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    """R4: no request that lasts minutes."""
    register_sender()
    for _ in range(3):
        deposit(bank, ct())
    register_once(bank)
    monkeypatch.setattr(everything, "PORTION", 2)
    page = admin.post("/services/analyse/run/", follow=True).text
    assert "analyse will run again on everything" in page
    assert "is being queued again on everything" in page
    run = Rerun.objects.get()
    run.made = 1_240_000
    run.save()
    known = admin.get("/services/").context["known"]
    part = admin.get("/services/numbers/", {"known": known}).text
    assert f'id="rerun-{run.pk}" hx-swap-oob="true">1\u202f240\u202f000<' in part
    everything.go_on(bank, run.pk)
    assert "is being queued" not in admin.get("/services/").text


def test_with_very_many_lanes_the_sweep_queues_the_jobs(bank: House, admin: Client) -> None:
    for n in range(1, 206):
        outcome(bank, n)
    admin.post("/services/analyse/failed/run/")
    assert Outcome.objects.filter(state=State.DUE).count() == 205
    assert jobs() == []


def test_very_many_subjects_are_made_due_in_portions(
    bank: House, admin: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(again, "PORTION", 2)
    for n in range(1, 6):
        outcome(bank, n)
    assert "runs again on 5 subjects" in admin.post("/services/analyse/failed/run/", follow=True).text
    assert Outcome.objects.filter(state=State.DUE).count() == 5
    entries = Entry.objects.filter(action="run again").order_by("pk")
    assert [entry.detail["subjects"] for entry in entries] == [2, 2, 1]


def test_run_goes_before_nothing_that_has_just_arrived(bank: House, admin: Client) -> None:
    make_due("analyse", [(1, "lane:1")], bank.clock.now())
    admin.post(f"/services/outcome/{outcome(bank, 2).pk}/run/")
    assert jobs() == [("lane:1", 10), ("lane:2", 0)]


@pytest.mark.parametrize("path", ["nothing/run/", "nothing/failed/run/", "outcome/999999/run/"])
def test_what_is_not_there_is_not_run(bank: House, admin: Client, path: str) -> None:
    assert admin.post(f"/services/{path}").status_code == 404
    assert not Entry.objects.exists()


def test_an_outcome_of_a_service_that_is_gone_is_neither_shown_nor_run(bank: House, admin: Client) -> None:
    row = outcome(bank, 1, reason="old words")
    Outcome.objects.filter(pk=row.pk).update(service="gone")
    assert "old words" not in admin.get("/services/").text
    assert admin.post(f"/services/outcome/{row.pk}/run/").status_code == 404


def test_a_button_leads_to_no_other_site(bank: House, admin: Client) -> None:
    row = outcome(bank)
    answer = admin.post(f"/services/outcome/{row.pk}/run/", {"list": "//evil.example/"})
    assert answer["Location"] == "/services/"


def test_filters_search_and_csv_agree(bank: House, admin: Client) -> None:
    outcome(bank, 1, reason="100% odd")
    outcome(bank, 2, reason="1000 odd")
    outcome(bank, 3, reason="=odd()", state=State.WAITING)
    outcome(bank, 4, reason="late", state=State.LATER)

    def subjects(query: str) -> list[str]:
        text = b"".join(admin.get(f"/services/?{query}&format=csv")).decode("utf-8-sig")
        rows = list(csv.reader(StringIO(text)))[1:]
        page = admin.get(f"/services/?{query}")
        assert [str(row.subject_id) for row, _state in page.context["rows"]] == [row[2] for row in rows]
        return [row[2] for row in rows]

    assert subjects("") == ["1", "2", "3"]
    assert subjects("sort=due_at") == ["3", "2", "1"]
    assert subjects("q=0%25") == ["1"]
    assert subjects("state=waiting") == ["3"]
    assert subjects("state=later") == ["4"]
    assert subjects("service=analyse&state=failed") == ["1", "2"]
    assert subjects("state=made-up&service=made-up") == ["1", "2", "3"]
    assert b"'=odd()" in b"".join(admin.get("/services/?format=csv"))


def test_a_long_list_comes_in_pages(bank: House, admin: Client) -> None:
    for n in range(1, 121):
        outcome(bank, n)
    seen: list[int] = []
    query = ""
    while True:
        page = admin.get(f"/services/{query}")
        seen += [row.subject_id for row, _state in page.context["rows"]]
        query = page.context["older_url"]
        if not query:
            break
    assert seen == list(range(1, 121))


def test_an_empty_list_says_so_and_filters_that_match_nothing_can_be_dropped(
    bank: House, admin: Client
) -> None:
    assert "Everything due is done" in admin.get("/services/").text
    outcome(bank, 1, reason="odd")
    page = admin.get("/services/?q=nowhere").text
    assert "Nothing matches these filters" in page
    assert "Drop &quot;Reason: nowhere&quot;" in page or 'Drop "Reason: nowhere"' in page


def test_a_page_that_is_open_gets_new_numbers_and_hears_only_of_changes(bank: House, admin: Client) -> None:
    known = admin.get("/services/").context["known"]
    part = admin.get("/services/numbers/", {"known": known}).text
    assert 'id="analyse-failed" hx-swap-oob="true"' in part
    assert "work-state" not in part
    outcome(bank, 1)
    part = admin.get("/services/numbers/", {"known": known}).text
    assert 'hx-swap-oob="innerHTML:#work-state"' in part
    assert "Some work could not be done" in part


def test_reasons_are_shown_as_text(bank: House, admin: Client) -> None:
    outcome(bank, 1, reason="<script>alert(1)</script>", finished_at=datetime.now(tz=bank.clock.now().tzinfo))
    assert "<script>alert(1)" not in admin.get("/services/").text


def test_certificates_in_use_are_listed_with_their_end(bank: House, admin: Client, now: datetime) -> None:
    """Where TLS is on; the first to end first."""
    assert 'id="certificates"' not in admin.get("/services/").text
    object.__setattr__(bank, "settings", bank.settings.model_copy(update={"dicom_tls": "only"}))
    for name, days in (("LATE_TPS", 400), ("SOON_TPS", 2), ("OVER_TPS", -2)):
        sender = Sender.objects.create(ae_title=name, network="10.0.0.1")
        SenderCertificate.objects.create(
            sender=sender, fingerprint="ab" * 32, not_after=now + timedelta(days=days), added=now
        )
    page = admin.get("/services/").text
    places = [page.index(words) for words in ("OVER_TPS", "Ended", "SOON_TPS", "2 days left", "LATE_TPS")]
    assert places == sorted(places)


def test_a_service_is_paused_and_goes_on(bank: House, admin: Client) -> None:
    """R4: with undo; how much was done lately and since when the oldest waits stand beside it."""
    outcome(bank, 1, state=State.DONE, finished_at=bank.clock.now() - timedelta(minutes=1))
    outcome(bank, 2, state=State.DUE)
    standing = standing_of(bank, "analyse")
    assert standing.per_minute == pytest.approx(0.1)
    assert standing.oldest == bank.clock.now() - timedelta(minutes=2)
    assert numbers(bank).busy
    page = admin.post("/services/analyse/pause/", follow=True).content.decode()
    assert "analyse is paused" in page
    assert "Go on" in page
    assert "/services/analyse/go-on/" in page
    assert not numbers(bank).busy
    assert "analyse goes on" in admin.post("/services/analyse/go-on/", follow=True).content.decode()
    assert admin.post("/services/none-such/pause/").status_code == 404
    assert admin.get("/services/analyse/pause/").status_code == 405
