"""What difficult peers get, from a foreign sender (pynetdicom) over gate and register to the rows.

Each test is a row of the table in docs/reference/gate.md (receive.md). pynetdicom sends the bytes
of a file as they are, so that it can be as wrong as a broken system.
"""

from __future__ import annotations

import re
import threading
import zlib
from pathlib import Path
from typing import TYPE_CHECKING

import pydicom
import pytest
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.filebase import DicomBytesIO
from pydicom.filewriter import write_file_meta_info
from pydicom.uid import (
    DeflatedExplicitVRLittleEndian,
    ExplicitVRBigEndian,
    ExplicitVRLittleEndian,
    HTJ2KLossless,
    ImplicitVRLittleEndian,
    JPEG2000Lossless,
    JPEGLSLossless,
    RLELossless,
)
from pynetdicom import AE, _config

from planbank.catalogue.models import Finding, InstanceVersion, QuarantinedParcel, Submission
from planbank.gate.limits import Limits
from planbank.gate.server import Door, Server, listen
from planbank.messages.models import Event
from planbank.people.models import Institution
from planbank.processes.clock import tick
from planbank.services.register import register_once
from tests.sending import CT, ct, encoded, register_sender

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from pynetdicom.association import Association

    from planbank.house import House

ROOT_FOLDER = Path(__file__).parents[3]
ROOT = "1.2.840.10008.5.1.4.1.1."
VARIAN = "1.2.246.352.70.1.70"
FIND = "1.2.840.10008.5.1.4.1.2.2.1"
PRIVATE_SYNTAX = "1.2.826.0.1.3680043.2.1143.1"
STORED, FULL, MISMATCH, CANNOT = 0x0000, 0xA700, 0xA900, 0xC000


@pytest.fixture
def institution(bank: House) -> Institution:
    """The centre that DEMO_TPS sends for; the gate has been told."""
    institution = register_sender("OUH", "DEMO_TPS", "127.0.0.0/8")
    tick(bank)
    return institution


@pytest.fixture
def port(bank: House, institution: Institution) -> Iterator[int]:
    door = Door(listen("127.0.0.1", 0))
    server = Server([door], bank.tray, ae_title="PLANBANK", limits=Limits(), now=bank.clock.now)
    thread = threading.Thread(target=server.serve)
    thread.start()
    yield door.port
    server.stop()
    thread.join()


@pytest.fixture
def send(
    bank: House, port: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Callable[..., int | None]:
    """Send a data set, or any bytes under the UIDs of one; the status, once register was there."""
    monkeypatch.setattr(_config, "STORE_SEND_CHUNKED_DATASET", True)
    monkeypatch.setattr(pydicom.config.settings, "reading_validation_mode", pydicom.config.IGNORE)
    monkeypatch.setattr(pydicom.config.settings, "writing_validation_mode", pydicom.config.IGNORE)

    def run(
        ds: Dataset, data: bytes | None = None, *, syntax: str = ExplicitVRLittleEndian, **named: str
    ) -> int | None:
        meta = FileMetaDataset()
        meta.MediaStorageSOPClassUID = named.get("sop_class", str(ds.SOPClassUID))
        meta.MediaStorageSOPInstanceUID = named.get("sop_instance", str(ds.SOPInstanceUID))
        meta.TransferSyntaxUID = syntax
        head = DicomBytesIO()
        write_file_meta_info(head, meta, enforce_standard=False)
        body = encoded(ds, syntax) if data is None else data
        file = tmp_path / "object.dcm"
        file.write_bytes(bytes(128) + b"DICM" + head.getvalue() + body)
        association = associate(port, (meta.MediaStorageSOPClassUID, syntax))
        status = association.send_c_store(file).get("Status") if association.is_established else None
        association.release()
        while register_once(bank):
            pass
        return status

    return run


def associate(port: int, *contexts: tuple[str, str], calling_ae: str = "DEMO_TPS") -> Association:
    ae = AE(calling_ae)
    for abstract, syntax in contexts:
        ae.add_requested_context(abstract, syntax)
    return ae.associate("127.0.0.1", port, ae_title="PLANBANK")


def relations() -> list[str]:
    return list(Submission.objects.order_by("pk").values_list("relation", flat=True))


def nothing_is_left(bank: House) -> None:
    assert not InstanceVersion.objects.exists()
    assert not QuarantinedParcel.objects.exists()
    assert bank.tray.waiting() == []
    assert list(bank.store.keys("objects/")) == []


Send = "Callable[..., int | None]"


def test_the_same_bytes_again(send: Send) -> None:
    ds = ct()
    assert [send(ds), send(ds)] == [STORED, STORED]
    assert relations() == ["new", "again"]
    assert InstanceVersion.objects.count() == 1


def test_the_same_elements_in_another_syntax(send: Send) -> None:
    ds = ct()
    assert [send(ds), send(ds, syntax=ImplicitVRLittleEndian)] == [STORED, STORED]
    assert relations() == ["new", "re-exported"]
    assert not Event.objects.exists()


def test_other_content_under_the_same_uid(bank: House, send: Send) -> None:
    ds = ct()
    send(ds)
    ds.SliceThickness = "3"
    assert send(ds) == STORED
    assert relations() == ["new", "version"]
    assert len(list(bank.store.keys("objects/"))) == 2


def test_the_same_study_with_another_patient(send: Send) -> None:
    assert [send(ct()), send(ct(PatientID="0202501234"))] == [STORED, STORED]
    assert set(Finding.objects.values_list("code", flat=True)) == {"patient-differs-in-study"}


@pytest.mark.parametrize(
    ("damage", "status"),
    [
        (lambda data: b"\x17\x93random" * 90, CANNOT),
        (lambda data: data[:-3], CANNOT),
        (lambda data: data[:-4] + b"\xff\xff\xff\x7f", CANNOT),
        (lambda data: data + b"\0\0\0", CANNOT),
        (lambda data: data + data, CANNOT),
    ],
    ids=["random", "truncated", "element longer than the data", "trailing bytes", "twice"],
)
def test_a_data_set_that_does_not_hold_together(
    bank: House, send: Send, institution: Institution, damage: Callable[[bytes], bytes], status: int
) -> None:
    ds = ct()
    assert send(ds, damage(encoded(ds))) in (status, MISMATCH)
    nothing_is_left(bank)
    event = Event.objects.get()
    assert (event.kind, event.institution) == ("refused", institution)
    assert (event.params["calling_ae"], event.params["sop_class_uid"]) == ("DEMO_TPS", CT)
    assert event.params["reason"]


def test_uids_that_differ_from_the_command_or_are_missing(bank: House, send: Send) -> None:
    ds = ct()
    assert send(ds, sop_instance="1.2.3.4") == MISMATCH
    assert send(ds, sop_class=f"{ROOT}4") == MISMATCH
    for keyword in ("SOPInstanceUID", "SOPClassUID"):
        lacking = ct()
        uids = {"sop_class": CT, "sop_instance": str(lacking.SOPInstanceUID)}
        delattr(lacking, keyword)
        given = encoded(lacking)
        assert send(ct(), given, **uids) == MISMATCH
    nothing_is_left(bank)
    assert Event.objects.filter(kind="refused").count() == 4


@pytest.mark.parametrize(
    ("keyword", "code"),
    [
        ("StudyInstanceUID", "no-study-uid"),
        ("SeriesInstanceUID", "no-series-uid"),
        ("PatientID", "no-patient-id"),
    ],
)
def test_what_lacks_study_series_or_patient(send: Send, keyword: str, code: str) -> None:
    assert send(ct(**{keyword: None})) == STORED
    assert code in set(Finding.objects.values_list("code", flat=True))


@pytest.mark.parametrize("uid", ["../1.2.3", "1.2/3"])
def test_a_uid_that_is_none(bank: House, send: Send, uid: str) -> None:
    ds = ct()
    assert send(ds, sop_instance=uid) == MISMATCH
    nothing_is_left(bank)


@pytest.mark.parametrize("uid", ["1.2.003.4", "1.2.3.4.05"])
def test_leading_zeros_are_kept_with_a_finding(send: Send, uid: str) -> None:
    ds = ct()
    ds.SOPInstanceUID = uid
    assert send(ds) == STORED
    assert set(Finding.objects.values_list("code", flat=True)) == {"odd-uid"}


@pytest.mark.parametrize("title", ["../../ETC", "A/B"])
def test_an_ae_title_that_could_be_a_path(bank: House, port: int, title: str) -> None:
    ae = AE("X")
    ae._ae_title = title
    ae.add_requested_context(CT)
    assert not ae.associate("127.0.0.1", port, ae_title="PLANBANK").is_established
    register_once(bank)
    assert Event.objects.get().params["calling_ae"] in ("", title.strip())


@pytest.mark.parametrize("uid", [VARIAN, f"{ROOT}481.99", f"{ROOT}5"], ids=["vendor", "to come", "retired"])
def test_a_storage_class_nobody_knows(send: Send, uid: str) -> None:
    assert send(ct(SOPClassUID=uid)) == STORED
    assert InstanceVersion.objects.get().sop_class_uid == uid


def test_refusing_private_classes_is_a_setting(bank: House, send: Send, institution: Institution) -> None:
    refusing = bank.settings.model_copy(update={"vendor_storage": "refuse"})
    object.__setattr__(bank, "settings", refusing)
    tick(bank)
    assert send(ct(SOPClassUID=VARIAN)) is None
    event = Event.objects.get()
    assert (event.institution, event.params["sop_class_uid"]) == (institution, VARIAN)
    assert "Private storage classes are refused" in event.params["reason"]


def test_a_class_that_is_no_storage_and_a_private_syntax_are_told_and_the_rest_goes_on(
    bank: House, port: int, institution: Institution
) -> None:
    association = associate(
        port, (FIND, ImplicitVRLittleEndian), (CT, PRIVATE_SYNTAX), (CT, "1.2.840.10008.1.2")
    )
    rejected = {(c.abstract_syntax, c.result) for c in association.rejected_contexts}
    assert rejected == {(FIND, 3), (CT, 4)}
    ds = ct()
    ds.file_meta = FileMetaDataset()
    ds.file_meta.TransferSyntaxUID = ImplicitVRLittleEndian
    assert association.send_c_store(ds).Status == STORED
    association.release()
    while register_once(bank):
        pass
    assert Submission.objects.count() == 1
    events = Event.objects.filter(kind="refused", institution=institution)
    assert {event.params["sop_class_uid"] for event in events} == {FIND, CT}
    assert {event.params["what"] for event in events} == {"context"}


@pytest.mark.parametrize(
    "syntax",
    [
        ExplicitVRBigEndian,
        DeflatedExplicitVRLittleEndian,
        RLELossless,
        JPEGLSLossless,
        JPEG2000Lossless,
        HTJ2KLossless,
    ],
)
def test_syntaxes_of_every_kind(send: Send, syntax: str) -> None:
    ds = ct()
    if syntax == DeflatedExplicitVRLittleEndian:
        deflate = zlib.compressobj(wbits=-zlib.MAX_WBITS)
        data = deflate.compress(encoded(ds)) + deflate.flush()
        assert send(ds, data + b"\0" * (len(data) % 2), syntax=syntax) == STORED
    elif syntax == ExplicitVRBigEndian:
        assert send(ds, syntax=syntax) == STORED
    else:
        assert send(ds, encoded(ds, ExplicitVRLittleEndian), syntax=syntax) == STORED
    assert InstanceVersion.objects.get().transfer_syntax_uid == syntax


@pytest.mark.parametrize(
    "uid",
    ["481.8", "481.4", "481.9", "66.1", "66.4", "481.10", "481.17", "481.23", "88.67"],
    ids=["ion plan", "record", "ion record", "registration", "SEG", "physician intent", "C-arm", "RT2", "SR"],
)
def test_kinds_of_radiotherapy_of_both_generations(send: Send, uid: str) -> None:
    assert send(ct(SOPClassUID=f"{ROOT}{uid}", Modality="OT")) == STORED
    assert Submission.objects.count() == 1


def test_a_stranger_is_set_aside_and_the_administrator_told(bank: House, port: int) -> None:
    association = associate(port, (CT, ExplicitVRLittleEndian), calling_ae="STRANGER")
    ds = ct()
    ds.file_meta = FileMetaDataset()
    ds.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    assert association.send_c_store(ds).Status == STORED
    association.release()
    while register_once(bank):
        pass
    assert QuarantinedParcel.objects.get().calling_ae == "STRANGER"
    assert Event.objects.get().kind == "unknown-sender"


def test_the_table_names_tests_that_are_there() -> None:
    """Every row of the reference names at least one; a raw peer where no foreign sender can be so wrong."""
    text = (ROOT_FOLDER / "docs" / "reference" / "gate.md").read_text()
    table = text.split("## What difficult peers get")[1].split("\n## ")[0]
    rows = [line for line in table.splitlines() if line.startswith("| ")][2:]
    assert len(rows) >= 16
    for row in rows:
        named = re.findall(r"`([a-z_/]+\.py) ([a-z_0-9]+)`", row)
        assert named, row
        for file, test in named:
            assert f"def {test}(" in (ROOT_FOLDER / "tests" / file).read_text(), f"{file} {test}"
