"""Taking files out (R113, R115, R120, R169, R190, R208): asked, approved by another, prepared, downloaded."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pydicom
import pytest
from django.test import Client

from planbank.archive.names import object_key
from planbank.catalogue.models import Instance
from planbank.errors import AnswerEnded
from planbank.house import House
from planbank.journal.models import Entry
from planbank.people.models import User
from planbank.protocols.levels import See, TakeOut
from planbank.protocols.models import Agreement, Project, Protocol
from planbank.services.export.ended import remove_ended
from planbank.takeout.models import Export, ExportFile
from tests.made import thinned
from tests.protocols.rows import ProtocolRows
from tests.protocols.sent import brain_with_a_plan
from tests.services.forward.peers import Receiver
from tests.services.forward.rows import destination_at
from tests.services.running import run_until_idle

ClientOf = Callable[[User | None], Client]


@pytest.fixture
def rows(bank: House, now: datetime) -> ProtocolRows:
    return ProtocolRows(now - timedelta(days=1))


@pytest.fixture
def brain(bank: House, rows: ProtocolRows) -> Protocol:
    return brain_with_a_plan(bank, rows, purpose="better plans")


@pytest.fixture
def rita(rows: ProtocolRows, brain: Protocol) -> User:
    """May take out files as received."""
    user = rows.user("rita")
    rows.grant(user, "exporter", brain, see=See.IDENTIFIED, take_out=TakeOut.RAW)
    return user


@pytest.fixture
def kira(rows: ProtocolRows, brain: Protocol) -> User:
    """Decides."""
    user = rows.user("kira")
    rows.grant(user, "key-user", brain)
    return user


def asked(now: datetime, **changes: Any) -> dict[str, Any]:
    until = f"{now + timedelta(days=20):%Y-%m-%d}"
    given = {"form": "raw", "purpose": "heart doses", "recipient": "North", "until": until, "ask": "1"}
    return given | changes


def ready(
    bank: House, hers: Client, theirs: Client, owner: Protocol | Project, now: datetime, **changes: Any
) -> Export:
    """Asked, approved and prepared."""
    answer = hers.post(f"/{owner._meta.model_name}s/{owner.pk}/exports/ask/", asked(now, **changes))
    assert answer.status_code == 302, answer.text
    row = Export.objects.latest("pk")
    theirs.post(f"/exports/{row.pk}/approve/", {"seen": row.revision, "decision": "fits the agreement"})
    run_until_idle(bank)
    row.refresh_from_db()
    assert row.state == Export.State.READY
    return row


def body(answer: Any) -> bytes:
    return b"".join(answer.streaming_content)


def test_asked_approved_by_another_and_taken_with_a_list_of_sums(
    bank: House, brain: Protocol, rita: User, kira: User, client_of: ClientOf, now: datetime
) -> None:
    hers, theirs = client_of(rita), client_of(kira)
    looked = {name: value for name, value in asked(now).items() if name != "ask"}
    assert "of 1 patient," in hers.post(f"/protocols/{brain.pk}/exports/ask/", looked).text
    hers.post(f"/protocols/{brain.pk}/exports/ask/", asked(now))
    row = Export.objects.get()
    assert hers.get(f"/exports/{row.pk}/files.zip").status_code == 302, "nothing leaves before it is approved"
    assert hers.post(f"/exports/{row.pk}/approve/", {"seen": 1}).status_code == 404, "who asked never decides"
    assert "heart doses" in theirs.get(f"/exports/{row.pk}/").text
    theirs.post(f"/exports/{row.pk}/approve/", {"seen": 1, "decision": "yes"})
    run_until_idle(bank)
    answer = hers.get(f"/exports/{row.pk}/files.zip")
    data = body(answer)
    assert int(answer["Content-Length"]) == len(data) and answer["Cache-Control"] == "no-store"
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        assert archive.testzip() is None
        names = archive.namelist()
        assert names[0] == "README.txt" and names[-1] == "files.csv"
        assert len(names) == Instance.objects.count() + 2
        listed = archive.read("files.csv").decode("utf-8-sig").splitlines()
        one = archive.read(names[1])
    assert len(listed) == len(names) - 1
    hashes = {object_key(h) for h in Instance.objects.values_list("current_version__content_hash", flat=True)}
    assert one in {bank.store.open(key).read() for key in hashes}, "byte for byte as received"
    assert theirs.get(f"/exports/{row.pk}/files.zip").status_code == 404, "only who asked takes it"
    acts = list(Entry.objects.filter(object_kind="export").order_by("pk").values_list("action", flat=True))
    assert acts == ["ask for export", "export approved", "take out files"]
    row.refresh_from_db()
    assert row.taken_patients == 1


def test_a_download_goes_on_where_it_broke_and_only_in_its_own_layout(
    bank: House, brain: Protocol, rita: User, kira: User, client_of: ClientOf, now: datetime
) -> None:
    hers = client_of(rita)
    row = ready(bank, hers, client_of(kira), brain, now)
    url = f"/exports/{row.pk}/files.zip"
    whole = hers.get(url)
    data, tag = body(whole), whole["ETag"]
    half = len(data) // 2
    rest = hers.get(url, headers={"Range": f"bytes={half}-", "If-Range": tag})
    assert rest.status_code == 206 and body(rest) == data[half:]
    assert rest["Content-Range"] == f"bytes {half}-{len(data) - 1}/{len(data)}"
    other = hers.get(url, headers={"Range": f"bytes={half}-", "If-Range": '"old"'})
    assert other.status_code == 200 and body(other) == data
    assert hers.get(url, headers={"Range": f"bytes={len(data)}-"}).status_code == 416
    assert body(hers.get(url, headers={"Range": "bytes=5-2"})) == data, "a range that is none"


def test_what_left_the_protocol_is_not_taken_and_the_rest_is(
    bank: House,
    brain: Protocol,
    rita: User,
    kira: User,
    client_of: ClientOf,
    now: datetime,
    rows: ProtocolRows,
) -> None:
    hers = client_of(rita)
    row = ready(bank, hers, client_of(kira), brain, now, kinds=["plans", "doses"])
    assert row.objects_count == 2
    from planbank.protocols.models import Membership

    Membership.objects.filter(instance__current_version__modality="RTDOSE").update(removed_at=now)
    with zipfile.ZipFile(io.BytesIO(body(hers.get(f"/exports/{row.pk}/files.zip")))) as archive:
        assert [name.rsplit("/")[-1][:6] for name in archive.namelist()[1:-1]] == ["RTPLAN"]
        assert b"RTDOSE" not in archive.read("files.csv")
    assert "no longer within the permission" in hers.get(f"/exports/{row.pk}/").text


def test_revoked_while_it_runs_it_breaks_off(
    bank: House, brain: Protocol, rita: User, kira: User, client_of: ClientOf, now: datetime
) -> None:
    hers, theirs = client_of(rita), client_of(kira)
    row = ready(bank, hers, theirs, brain, now)
    pieces = iter(hers.get(f"/exports/{row.pk}/files.zip").streaming_content)
    next(pieces)
    theirs.post(f"/exports/{row.pk}/revoke/", {"seen": row.revision, "decision": "the agreement ended"})
    bank.clock.at += timedelta(seconds=2)  # type: ignore[attr-defined]
    with pytest.raises(AnswerEnded):
        list(pieces)
    assert hers.get(f"/exports/{row.pk}/files.zip").status_code == 302


def test_one_damaged_object_is_told_and_only_it_is_tried_again(
    bank: House, brain: Protocol, rita: User, kira: User, client_of: ClientOf, now: datetime
) -> None:
    version = Instance.objects.get(current_version__modality="RTPLAN").current_version
    key = object_key(version.content_hash)
    good = bank.store.open(key).read()
    bank.store.erase(key)
    bank.store.put(key, good[:-2] + b"xx")
    hers = client_of(rita)
    row = ready(bank, hers, client_of(kira), brain, now)
    assert "1 object is not in the ZIP" in (page := hers.get(f"/exports/{row.pk}/").text)
    assert "not those that came in" in page
    bank.store.erase(key)
    bank.store.put(key, good)
    hers.post(f"/exports/{row.pk}/retry/", {"seen": row.revision})
    run_until_idle(bank)
    with zipfile.ZipFile(io.BytesIO(body(hers.get(f"/exports/{row.pk}/files.zip")))) as archive:
        assert any("RTPLAN" in name for name in archive.namelist())


def test_de_identified_files_hold_no_identity_and_their_references_hold(
    bank: House, brain: Protocol, rows: ProtocolRows, kira: User, client_of: ClientOf, now: datetime
) -> None:
    user = rows.user("mona")
    rows.grant(user, "exporter", brain, see=See.PSEUDONYMISED, take_out=TakeOut.PSEUDONYMISED)
    hers, theirs = client_of(user), client_of(kira)
    assert 'value="raw"' not in hers.get(f"/protocols/{brain.pk}/exports/ask/").text
    row = ready(bank, hers, theirs, brain, now, form="pseudonymised", kinds=["structures", "plans", "doses"])
    with zipfile.ZipFile(io.BytesIO(body(hers.get(f"/exports/{row.pk}/files.zip")))) as archive:
        made = {
            name.rsplit("/")[-1][:6]: pydicom.dcmread(io.BytesIO(archive.read(name)))
            for name in archive.namelist()[1:-1]
        }
    sent = next(ds for ds in thinned("prostate") if ds.Modality == "RTPLAN")
    plan = made["RTPLAN"]
    for ds in made.values():
        text = str(ds)
        assert str(sent.PatientID) not in text and str(sent.PatientName) not in text
        assert ds.PatientIdentityRemoved == "YES" and sent.StudyInstanceUID not in text
    reference = plan.ReferencedStructureSetSequence[0].ReferencedSOPInstanceUID
    assert reference == made["RTSTRU"].SOPInstanceUID
    again = ready(bank, hers, theirs, brain, now, form="pseudonymised", kinds=["plans"])
    with zipfile.ZipFile(io.BytesIO(body(hers.get(f"/exports/{again.pk}/files.zip")))) as archive:
        later = pydicom.dcmread(io.BytesIO(archive.read(archive.namelist()[1])))
    assert later.SOPInstanceUID == plan.SOPInstanceUID, "a later export fits the earlier one"


def test_a_project_takes_out_what_was_approved_for_it(
    bank: House, brain: Protocol, rows: ProtocolRows, client_of: ClientOf, now: datetime
) -> None:
    heart = rows.project("HEART")
    rows.reuse(heart, brain, see=See.PSEUDONYMISED, take_out=TakeOut.PSEUDONYMISED, state="approved")
    user, keeper = rows.user("mona"), rows.user("kaj")
    rows.grant(user, "exporter", heart, see=See.PSEUDONYMISED, take_out=TakeOut.PSEUDONYMISED)
    rows.grant(keeper, "key-user", heart)
    hers = client_of(user)
    row = ready(bank, hers, client_of(keeper), heart, now, form="pseudonymised", kinds=["plans"])
    with zipfile.ZipFile(io.BytesIO(body(hers.get(f"/exports/{row.pk}/files.zip")))) as archive:
        assert len(archive.namelist()) == 3 and b"BRAIN" in archive.read("files.csv")
    from planbank.protocols.models import ReuseRequest

    ReuseRequest.objects.update(state="revoked")
    assert hers.get(f"/exports/{row.pk}/files.zip").status_code == 302, "the reuse ended"


def test_when_it_is_over_its_bytes_go_and_its_record_stays(
    bank: House, brain: Protocol, rita: User, kira: User, client_of: ClientOf, now: datetime
) -> None:
    hers = client_of(rita)
    row = ready(bank, hers, client_of(kira), brain, now, form="pseudonymised", kinds=["plans"])
    keys = [*ExportFile.objects.values_list("key", flat=True), *(one["key"] for one in row.extras)]
    assert len(keys) == 3 and all(bank.store.exists(key) for key in keys)
    assert remove_ended(bank) == 0
    bank.clock.at += timedelta(days=40)  # type: ignore[attr-defined]
    assert remove_ended(bank) == 3
    assert not any(bank.store.exists(key) for key in keys)
    client_of(rita).get("/exports/")
    assert Export.objects.filter(pk=row.pk).exists()


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"purpose": ""}, "This field is required"),
        ({"until": "2020-01-01"}, "The last day has to come"),
        ({"since": "2026-03-02", "to": "2026-03-01"}, "This day is before the first"),
        ({"kinds": ["others"]}, "Nothing that you may take out fits"),
        ({"form": "everything"}, "Select a valid choice"),
    ],
)
def test_what_cannot_be_asked_says_why_and_keeps_what_was_typed(
    brain: Protocol, rita: User, client_of: ClientOf, now: datetime, changes: dict[str, Any], says: str
) -> None:
    page = client_of(rita).post(f"/protocols/{brain.pk}/exports/ask/", asked(now) | changes).text
    assert says in page and "North" in page
    assert not Export.objects.exists()


def test_two_decide_at_once_and_strangers_see_nothing(
    bank: House,
    brain: Protocol,
    rita: User,
    kira: User,
    rows: ProtocolRows,
    client_of: ClientOf,
    now: datetime,
) -> None:
    hers, theirs = client_of(rita), client_of(kira)
    hers.post(f"/protocols/{brain.pk}/exports/ask/", asked(now))
    row = Export.objects.get()
    theirs.post(f"/exports/{row.pk}/refuse/", {"seen": 1, "decision": "no agreement"})
    page = theirs.post(f"/exports/{row.pk}/approve/", {"seen": 1, "decision": "x"}, follow=True).text
    assert "decided already" in page
    assert "no agreement" in hers.get(f"/exports/{row.pk}/").text
    stranger = client_of(rows.user("stig"))
    for path in (f"/exports/{row.pk}/", f"/exports/{row.pk}/files.zip"):
        assert stranger.get(path).status_code == 404
    assert stranger.get(f"/protocols/{brain.pk}/exports/ask/").status_code == 404


def test_files_are_sent_to_a_node_that_has_an_agreement(
    bank: House,
    brain: Protocol,
    rows: ProtocolRows,
    rita: User,
    kira: User,
    client_of: ClientOf,
    now: datetime,
) -> None:
    hers, theirs = client_of(rita), client_of(kira)
    peer = Receiver().start()
    node = destination_at(bank, peer.port)
    ask = f"/protocols/{brain.pk}/exports/ask/"
    assert "I download a ZIP" not in hers.get(ask).text, "no agreement, no choice"
    hers.post(ask, asked(now, destination=node.pk))
    assert not Export.objects.filter(destination=node).exists()
    agreed = {"kind": "centre", "title": "Protons", "signed_on": now.date() - timedelta(days=9)}
    Agreement.objects.create(protocol=brain, institution=node.institution, **agreed)
    assert "Proton centre" in hers.get(ask).text
    hers.post(ask, asked(now, destination=node.pk))
    row = Export.objects.latest("pk")
    assert "Proton centre" in theirs.get(f"/exports/{row.pk}/").text, "who decides sees where they go"
    theirs.post(f"/exports/{row.pk}/approve/", {"seen": row.revision, "decision": "yes"})
    run_until_idle(bank)
    peer.stop()
    row.refresh_from_db()
    page = hers.get(f"/exports/{row.pk}/").text
    assert f"{row.objects_count} of {row.objects_count} objects taken by Proton centre" in page
    assert "files.zip" not in page and hers.get(f"/exports/{row.pk}/files.zip").status_code == 302
    assert len(peer.came) == row.objects_count == Instance.objects.count()
