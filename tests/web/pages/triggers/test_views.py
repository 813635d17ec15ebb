"""Triggers of a protocol on pages: for its key users, and a tester on stored plans (R84 to R94)."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from planbank.catalogue.models import PlanSet
from planbank.demo.patients import part10
from planbank.house import House
from planbank.journal.models import Entry
from planbank.people.models import User
from planbank.pipeline.models import Outcome
from planbank.protocols.models import Firing, Membership, Protocol, Trigger
from planbank.web import files_in_memory
from tests.made import thinned
from tests.protocols.rows import ProtocolRows
from tests.sending import register_sender
from tests.services.running import run_everything
from tests.services.test_order import send
from tests.services.trigger.test_run import NAME, make, with_roi

ClientOf = Callable[[User | None], Client]
ASKED = {
    "name": NAME,
    "kind": "empty ROI",
    "roi_name": NAME,
    "actions": ["include"],
    "priority": "0",
    "is_active": "on",
}


@pytest.fixture
def rows(bank: House, now: datetime) -> ProtocolRows:
    return ProtocolRows(now - timedelta(days=1))


@pytest.fixture
def protocol(rows: ProtocolRows) -> Protocol:
    register_sender("OUH")
    protocol = rows.protocol("PROTON")
    rows.centre(protocol, "OUH")
    return protocol


@pytest.fixture
def kaya(rows: ProtocolRows, protocol: Protocol, client_of: ClientOf) -> Client:
    """A key user of the protocol, who works elsewhere."""
    user = rows.user("kaya", "AUH")
    rows.grant(user, "key-user", protocol)
    return client_of(user)


def url(protocol: Protocol, rest: str = "") -> str:
    return f"/protocols/{protocol.pk}/triggers/{rest}"


def test_only_key_users_of_the_protocol(
    protocol: Protocol, rows: ProtocolRows, client_of: ClientOf, kaya: Client, site_admin: User
) -> None:
    assert kaya.get(url(protocol)).status_code == 200
    reader = rows.user("rita", "AUH")
    rows.grant(reader, "reader", protocol, see=2)
    other = rows.user("omar", "OUH")
    rows.grant(other, "key-user", rows.protocol("OTHER"))
    for user in (reader, other, rows.user("sven", "OUH"), site_admin):
        for rest in ("", "new/", "again/"):
            assert client_of(user).get(url(protocol, rest)).status_code in (403, 404), (user, rest)
            assert client_of(user).post(url(protocol, rest), ASKED).status_code in (403, 404)
    assert not Trigger.objects.exists()


def test_a_trigger_is_made_changed_and_journalled(protocol: Protocol, kaya: Client) -> None:
    assert "No trigger yet" in kaya.get(url(protocol)).text
    assert kaya.post(url(protocol, "new/"), ASKED).status_code == 302
    row = Trigger.objects.get()
    assert (row.roi_name, row.version, row.actions) == (NAME, 1, [{"action": "include"}])
    assert NAME in kaya.get(url(protocol)).text
    page = kaya.get(url(protocol, f"{row.pk}/")).text
    assert f'value="{NAME}"' in page
    kaya.post(url(protocol, f"{row.pk}/"), {**ASKED, "roi_name": "DBCG_P2", "revision": "1"})
    row.refresh_from_db()
    assert (row.roi_name, row.version, row.revision) == ("DBCG_P2", 2, 2)
    made = Entry.objects.filter(object_kind="trigger").order_by("pk").values_list("action", "protocol")
    assert list(made) == [("trigger made", "PROTON"), ("trigger changed", "PROTON")]


def test_the_last_write_never_silently_wins(protocol: Protocol, kaya: Client) -> None:
    kaya.post(url(protocol, "new/"), ASKED)
    row = Trigger.objects.get()
    kaya.post(url(protocol, f"{row.pk}/"), {**ASKED, "roi_name": "FIRST", "revision": "1"})
    answer = kaya.post(url(protocol, f"{row.pk}/"), {**ASKED, "roi_name": "SECOND", "revision": "1"})
    row.refresh_from_db()
    assert answer.status_code == 200 and "meanwhile" in answer.text and "SECOND" in answer.text
    assert row.roi_name == "FIRST"


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"roi_name": " "}, "Write the name of the empty ROI"),
        ({"actions": []}, "Choose at least one"),
        ({"actions": ["rm"]}, "rm"),
        ({"since": "2026-12-01", "until": "2026-11-01"}, "comes before the first"),
        ({"kind": "tags"}, "at least one condition"),
        ({"kind": "tags", "path_0": "NoSuch", "test_0": "exists"}, "no attribute of the DICOM dictionary"),
        ({"kind": "tags", "path_0": "Modality", "test_0": "range", "value_0": "x"}, "40..60"),
        ({"kind": "sql"}, "sql"),
    ],
)
def test_what_cannot_be_says_the_way_out_and_keeps_what_was_typed(
    protocol: Protocol, kaya: Client, change: dict[str, Any], says: str
) -> None:
    answer = kaya.post(url(protocol, "new/"), {**ASKED, **change})
    assert answer.status_code == 200 and says in answer.text
    assert not Trigger.objects.exists()


def test_two_of_one_name_are_refused(protocol: Protocol, kaya: Client) -> None:
    kaya.post(url(protocol, "new/"), ASKED)
    assert "of this name already" in kaya.post(url(protocol, "new/"), ASKED).text
    assert Trigger.objects.count() == 1


def test_conditions_are_kept_and_shown_again(protocol: Protocol, kaya: Client) -> None:
    asked = {**ASKED, "kind": "tags", "roi_name": "", "joined": "any"}
    asked |= {
        "path_0": "StationName",
        "test_0": "wildcard",
        "value_0": "acc*",
        "path_2": "PatientID",
        "test_2": "exists",
    }
    assert kaya.post(url(protocol, "new/"), asked).status_code == 302
    row = Trigger.objects.get()
    assert row.condition == {
        "any": [
            {"path": "StationName", "test": "wildcard", "value": "acc*"},
            {"path": "PatientID", "test": "exists"},
        ]
    }
    page = kaya.get(url(protocol, f"{row.pk}/")).text
    assert 'value="acc*"' in page and 'value="PatientID"' in page


def test_names_from_outside_are_escaped(protocol: Protocol, kaya: Client) -> None:
    kaya.post(url(protocol, "new/"), {**ASKED, "name": "<script>x", "roi_name": "<b>R"})
    for rest in ("", f"{Trigger.objects.get().pk}/"):
        assert "<script>x" not in kaya.get(url(protocol, rest)).text


def test_stored_data_are_looked_at_again_with_a_preview(
    bank: House, protocol: Protocol, kaya: Client, now: datetime
) -> None:
    for ds in with_roi(thinned("prostate")):
        send(bank, ds)
    run_everything(bank)
    make(protocol, now)
    page = kaya.get(url(protocol, "again/")).text
    assert "1 stored plan has an empty ROI" in page and "1 patient of the protocol" in page
    assert kaya.post(url(protocol, "again/")).status_code == 302
    assert Outcome.objects.get(service="trigger").state == "due"
    run_everything(bank)
    assert Membership.objects.exists() and Firing.objects.get().outcome == "done"
    assert "0 stored plans have" in kaya.get(url(protocol, "again/")).text


def test_the_tester_says_why_and_why_not(
    bank: House, protocol: Protocol, now: datetime, rows: ProtocolRows, client_of: ClientOf, kaya: Client
) -> None:
    for ds in with_roi(thinned("prostate")):
        send(bank, ds)
    run_everything(bank)
    plan_set = PlanSet.objects.get()
    make(protocol, now)
    make(protocol, now, name="slip", roi_name="DBCG_PROTONS")
    condition = {"all": [{"path": "Modality", "test": "equals", "value": "MR"}]}
    make(protocol, now, name="MR only", kind="tags", roi_name="", condition=condition)
    otto = client_of(rows.user("otto", "OUH"))
    page = otto.get(f"/plans/{plan_set.pk}/triggers/").text
    assert "yes" in page and "no: no empty ROI of this name" in page
    assert "Modality equals MR" in page
    assert not Firing.objects.exists(), "looking changes nothing"
    assert kaya.get(f"/plans/{plan_set.pk}/triggers/").status_code == 404


def test_files_are_tried_and_forgotten(bank: House, protocol: Protocol, kaya: Client, now: datetime) -> None:
    """R93: what fires and why, condition by condition; nothing is stored."""
    make(protocol, now)
    tags = {
        "all": [
            {"path": "Modality", "test": "equals", "value": "RTPLAN"},
            {"path": "StationName", "test": "exists"},
        ]
    }
    make(protocol, now, name="by tags", kind="tags", roi_name="", condition=tags)
    objects = with_roi(thinned("prostate"))
    rt = [ds for ds in objects if ds.Modality in ("RTSTRUCT", "RTPLAN")]
    files = [SimpleUploadedFile(f"{ds.Modality}.dcm", part10(ds)) for ds in rt]
    junk = SimpleUploadedFile("<b>evil</b>.exe", b"MZ" + bytes(300))
    body = kaya.post(url(protocol, "try/"), {"files": [*files, junk]}).content.decode()
    assert NAME in body
    assert "This is no DICOM file." in body or "are not DICOM" in body
    assert "<b>evil" not in body
    assert "Modality equals RTPLAN" in body
    assert "StationName exists" in body
    assert not PlanSet.objects.exists()
    assert not Firing.objects.exists()
    assert Entry.objects.get(action="triggers tried on files").detail["files"] == 3


def test_what_is_too_large_or_missing_is_said(
    protocol: Protocol, kaya: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(files_in_memory, "MOST_BYTES", 1000)
    large = SimpleUploadedFile("large.dcm", bytes(2000))
    assert "It is larger than" in kaya.post(url(protocol, "try/"), {"files": [large]}).content.decode()
    assert "No file came along" in kaya.post(url(protocol, "try/")).content.decode()


def test_uploads_never_touch_the_disk(
    protocol: Protocol, kaya: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    def written(*args: Any, **kwargs: Any) -> None:
        raise AssertionError("an upload was written to a file")

    monkeypatch.setattr("django.core.files.uploadedfile.TemporaryUploadedFile.__init__", written)
    file = SimpleUploadedFile("large.dcm", bytes(8 << 20))
    assert kaya.post(url(protocol, "try/"), {"files": [file]}).status_code == 200


def test_a_preview_then_progress_and_a_stop(
    bank: House, protocol: Protocol, rows: ProtocolRows, kaya: Client, now: datetime
) -> None:
    for ds in with_roi(thinned("prostate")):
        send(bank, ds)
    run_everything(bank)
    make(protocol, now)
    body = kaya.get(url(protocol, "again/")).content.decode()
    assert "Preview" in body
    assert not Firing.objects.exists()
    there = kaya.post(url(protocol, "again/")).headers["Location"]
    assert "0 / 1" in kaya.get(there).content.decode()
    since = there.split("since=")[1].split("&")[0]
    kaya.post(url(protocol, "again/stop/"), {"since": since})
    assert Outcome.objects.get(service="trigger").state == "done"
    run_everything(bank)
    assert not Firing.objects.exists()
    there = kaya.post(url(protocol, "again/")).headers["Location"]
    run_everything(bank)
    assert "1 / 1" in kaya.get(there).content.decode()
    assert Firing.objects.get().outcome == "done"
    assert kaya.post(url(protocol, "again/stop/"), {"since": "nonsense"}).status_code == 404
