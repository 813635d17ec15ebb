"""Files sent by the site go the way of all others; what tells who a patient is stays out (R18 to R20)."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.test import Client
from pydicom.uid import SecondaryCaptureImageStorage

from planbank.archive.names import object_key
from planbank.catalogue.models import Instance, InstanceVersion, PatientFile, QuarantinedParcel, Submission
from planbank.deidentify.keys import CopyKey, fingerprint
from planbank.deidentify.profiles import PROFILES
from planbank.deidentify.template import template_of
from planbank.deidentify.words import Words
from planbank.demo.patients import make_patient, part10
from planbank.house import House
from planbank.journal.models import Entry
from planbank.people.arrivals import UPLOAD
from planbank.people.models import Institution, User
from planbank.protocols.models import Participant
from planbank.services.register import register_once
from planbank.transit.keys import KeyFolder
from planbank.uploads.models import CopyKeyMark, Upload, UploadedFile
from tests.protocols.rows import ProtocolRows
from tests.sending import ct, deposit
from tests.services.running import run_everything, run_until_idle

ClientOf = Callable[[User | None], Client]
SECRET = bytes(range(32))


def signing(bank: House, who: str) -> None:
    """Parcels are signed by the site's process, or by the gate's."""
    bank.tray._signer = KeyFolder(bank.keys).signer(who)  # type: ignore[attr-defined]


@pytest.fixture(autouse=True)
def _site(bank: House) -> None:
    signing(bank, "site")


@pytest.fixture
def rows(bank: House, now: datetime) -> ProtocolRows:
    return ProtocolRows(now - timedelta(days=1))


@pytest.fixture
def olga(rows: ProtocolRows, client_of: ClientOf) -> Client:
    return client_of(rows.user("olga", "OUH"))


@pytest.fixture(scope="module")
def files() -> list[bytes]:
    """The RT objects of one patient and one image, as they came."""
    found = {ds.Modality: part10(ds) for ds in make_patient("prostate", seed=5).objects}
    return list(found.values())


def copy_of(file: bytes, secret: bytes = SECRET) -> bytes:
    return template_of(file, PROFILES["foreign"], Words()).render(CopyKey(secret, 1))


def begun(browser: Client, code: str = "OUH", **more: str) -> Upload:
    institution = Institution.objects.get(code=code)
    answer = browser.post("/uploads/", {"institution": institution.pk, **more})
    assert answer.status_code == 302, answer.text
    return Upload.objects.latest("pk")


def send(browser: Client, upload: Upload, data: bytes, sha256: str = "") -> Any:
    head = {"X-Sha256": sha256 or hashlib.sha256(data).hexdigest()}
    address = f"/uploads/{upload.pk}/file/"
    return browser.post(address, data, content_type="application/octet-stream", headers=head)


def test_what_is_uploaded_goes_the_way_of_what_is_sent(bank: House, olga: Client, files: list[bytes]) -> None:
    upload = begun(olga, note="the two of May")
    for file in files:
        answer = send(olga, upload, file)
        assert answer.json()["state"] == "kept", answer.json()
    assert olga.get(f"/uploads/{upload.pk}/state/").json()["waiting"] == len(files)
    run_everything(bank)
    told = olga.get(f"/uploads/{upload.pk}/state/").json()
    assert told["waiting"] == 0 and [one["objects"] for one in told["patients"]] == [len(files)]
    assert Instance.objects.count() == len(files)
    rows = Submission.objects.all()
    assert {(row.institution.code, row.association_id, row.address) for row in rows} == {
        ("OUH", upload.number, UPLOAD)
    }
    stored = {bank.store.open(object_key(v.content_hash)).read() for v in InstanceVersion.objects.all()}
    assert all(any(file[-500:] == one[-500:] for one in stored) for file in files), "the data set as it came"
    page = olga.get(f"/uploads/{upload.pk}/").text
    assert PatientFile.objects.get().sent_id in page and "the two of May" in olga.get("/uploads/").text
    assert Entry.objects.filter(action="begin upload", actor="olga").count() == 1


def test_a_file_comes_once_however_often_it_is_sent(bank: House, olga: Client, files: list[bytes]) -> None:
    upload = begun(olga)
    hashes = [hashlib.sha256(file).hexdigest() for file in files]
    assert [send(olga, upload, files[0]).json()["state"] for _ in range(2)] == ["kept", "kept"]
    head = {"X-Sha256": hashes[0]}
    long = olga.generic("POST", f"/uploads/{upload.pk}/file/", b"", CONTENT_LENGTH=str(2**31), headers=head)
    assert long.json()["state"] == "kept", "what came stays, whatever else bears its hash"
    body = json.dumps({"hashes": [*hashes, "x", 7]})
    known = olga.post(f"/uploads/{upload.pk}/known/", body, content_type="application/json").json()
    assert known == {"known": [hashes[0]]}
    run_everything(bank)
    assert Submission.objects.count() == 1
    assert olga.post(f"/uploads/{upload.pk}/known/", "[]", content_type="application/json").status_code == 400


def test_what_cannot_be_taken_says_why_and_leaves_nothing(
    bank: House, olga: Client, files: list[bytes]
) -> None:
    upload = begun(olga)
    told = {
        "text": send(olga, upload, b"Dear colleague, Hansen^Ole"),
        "cut": send(olga, upload, files[0][:-300]),
        "other": send(olga, upload, files[0], sha256="0" * 64),
        "empty": send(olga, upload, b""),
    }
    assert {answer.json()["state"] for answer in told.values()} == {"refused"}
    assert "no DICOM file" in told["text"].json()["why"] and "cut short" in told["cut"].json()["why"]
    assert "did not arrive as it was sent" in told["other"].json()["why"]
    assert send(olga, upload, files[0], sha256="../../etc").status_code == 400
    assert bank.tray.waiting() == [] and UploadedFile.objects.filter(state="refused").count() == 4
    page = olga.get(f"/uploads/{upload.pk}/").text
    assert "Refused by the bank" in page and "Hansen" not in page
    olga.post(f"/uploads/{upload.pk}/end/")
    assert send(olga, upload, files[0]).status_code == 409


def test_from_abroad_only_what_is_de_identified_is_taken(
    bank: House, rows: ProtocolRows, client_of: ClientOf, files: list[bytes]
) -> None:
    for code in ("AUH", "VLE"):
        rows.institution(code)
    rows.user("nora", "OSL")
    Institution.objects.filter(code="OSL").update(country="NO")
    nora = client_of(User.objects.get(username="nora"))
    osl = Institution.objects.get(code="OSL")
    refused = nora.post("/uploads/", {"institution": osl.pk})
    assert "Choose the key file" in refused.text and not Upload.objects.exists()
    mark = fingerprint(SECRET)
    upload = begun(nora, "OSL", fingerprint=mark)
    assert upload.deidentified and CopyKeyMark.objects.get().fingerprint == mark
    for file in files:
        answer = send(nora, upload, file).json()
        assert answer["state"] == "refused" and any("PatientName" in tag for tag in answer["tags"])
    screen = next(ds for ds in make_patient("prostate", seed=5).objects if ds.Modality == "CT")
    screen.SOPClassUID = SecondaryCaptureImageStorage
    unjudged = send(nora, upload, part10(screen)).json()
    assert unjudged["state"] == "refused" and "nobody can look for it" in unjudged["why"]
    assert bank.tray.waiting() == [], "nothing was stored"
    for file in files:
        assert send(nora, upload, copy_of(file)).json()["state"] == "kept"
    run_everything(bank)
    assert PatientFile.objects.get().institution == osl and Instance.objects.count() == len(files)
    other = nora.post("/uploads/", {"institution": osl.pk, "fingerprint": "f" * 16})
    assert "not the key of your earlier uploads" in other.text and Upload.objects.count() == 1
    again = begun(nora, "OSL", fingerprint=mark)
    later = {ds.Modality: part10(ds) for ds in make_patient("prostate", seed=5).objects}["RTPLAN"]
    assert send(nora, again, copy_of(later)).json()["state"] == "kept"
    run_everything(bank)
    assert PatientFile.objects.count() == 1, "months later the same patient (R20)"


def test_others_neither_see_nor_add(
    olga: Client, rows: ProtocolRows, client_of: ClientOf, files: list[bytes], site_admin: User
) -> None:
    upload = begun(olga)
    admin = client_of(site_admin)
    assert admin.get("/uploads/").status_code == 404
    sven = client_of(rows.user("sven", "VLE"))
    assert sven.get(f"/uploads/{upload.pk}/").status_code == 404
    assert send(sven, upload, files[0]).status_code == 404
    assert "OUH" not in sven.get("/uploads/").text
    ouh = Institution.objects.get(code="OUH")
    assert sven.post("/uploads/", {"institution": ouh.pk}).status_code == 200
    assert Upload.objects.count() == 1 and not UploadedFile.objects.exists()


def test_no_gate_can_say_that_something_was_uploaded(bank: House, rows: ProtocolRows) -> None:
    """Only what the site signed is an institution's by its code; anybody can name one."""
    rows.institution("OUH")
    signing(bank, "gate")
    deposit(bank, ct(), calling_ae="OUH", address=UPLOAD)
    register_once(bank)
    assert not Instance.objects.exists() and QuarantinedParcel.objects.get().reason == "unsigned"


def trial_ids(browser: Client, upload: Upload, **given: str) -> Any:
    body = json.dumps({"ids": given})
    return browser.post(f"/uploads/{upload.pk}/trial-ids/", body, content_type="application/json")


def test_trial_ids_come_with_the_files_and_are_recorded_once_these_are_filed(
    bank: House, rows: ProtocolRows, olga: Client, files: list[bytes]
) -> None:
    """R198: before or after the files, in any order; nothing of another centre is touched."""
    protocol = rows.protocol("NORDIC")
    assert "For protocol" not in olga.get("/uploads/").text, "it sends for none"
    rows.centre(protocol, "OUH")
    upload = begun(olga, protocol=str(protocol.pk))
    sent_id = make_patient("prostate", seed=5).objects[0].PatientID
    wrong = trial_ids(olga, upload, **{sent_id: "0101501234"}).json()["wrong"]
    assert "CPR" in wrong[sent_id]
    assert "letter or digit" in trial_ids(olga, upload, **{sent_id: "=1+1"}).json()["wrong"][sent_id]
    assert trial_ids(olga, upload, **{sent_id: " N-1 "}).json() == {"wrong": {}}
    run_everything(bank)
    assert not Participant.objects.exists()
    for file in files:
        send(olga, upload, file)
    run_until_idle(bank)
    bank.clock.at += timedelta(minutes=1)  # type: ignore[attr-defined]
    run_until_idle(bank)
    row = Participant.objects.get()
    assert (row.trial_id, row.institution.code) == ("N-1", "OUH")
    assert row.patient == PatientFile.objects.get().patient
    assert "N-1" in olga.get(f"/uploads/{upload.pk}/").text
    trial_ids(olga, upload, **{sent_id: "N-2"})
    run_until_idle(bank)
    assert "The patient is N-1 in this protocol already" in olga.get(f"/uploads/{upload.pk}/").text
    assert Participant.objects.count() == 1


def test_a_participant_who_was_expected_is_linked_and_none_of_another_centre(
    bank: House, rows: ProtocolRows, olga: Client, files: list[bytes], now: datetime
) -> None:
    protocol = rows.protocol("NORDIC")
    for code in ("OUH", "AUH"):
        rows.centre(protocol, code)
    for trial_id, code in (("N-1", "OUH"), ("N-2", "AUH")):
        centre = Institution.objects.get(code=code)
        Participant.objects.create(protocol=protocol, institution=centre, trial_id=trial_id, added_at=now)
    upload = begun(olga, protocol=str(protocol.pk))
    for file in files:
        send(olga, upload, file)
    run_everything(bank)
    sent_id = PatientFile.objects.get().sent_id
    trial_ids(olga, upload, **{sent_id: "N-2"})
    run_until_idle(bank)
    assert "is of another patient" in olga.get(f"/uploads/{upload.pk}/").text
    assert Participant.objects.get(trial_id="N-2").patient is None
    trial_ids(olga, upload, **{sent_id: "n-1"})
    run_until_idle(bank)
    assert Participant.objects.get(trial_id="N-1").patient == PatientFile.objects.get().patient


def test_trial_ids_that_cannot_be_are_refused(rows: ProtocolRows, olga: Client) -> None:
    upload, address = begun(olga), ""
    assert trial_ids(olga, upload, **{"1": "N-1"}).status_code == 409, "the upload is for no protocol"
    address = f"/uploads/{upload.pk}/trial-ids/"
    for body in ("", "[]", '{"ids": 5}', "{"):
        assert olga.post(address, body, content_type="application/json").status_code == 400
    other = rows.protocol("ELSE")
    given = {"institution": Institution.objects.get(code="OUH").pk, "protocol": other.pk}
    rows.centre(rows.protocol("NORDIC"), "OUH")
    assert olga.post("/uploads/", given).status_code == 200, "a protocol it does not send for"
    assert Upload.objects.count() == 1
