"""Foreign senders against the gate: DCMTK and pynetdicom, and the very bytes of real files."""

from __future__ import annotations

import os
import subprocess
from typing import TYPE_CHECKING, Any

import pydicom
import pytest
from pydicom.uid import (
    DeflatedExplicitVRLittleEndian,
    ExplicitVRBigEndian,
    ExplicitVRLittleEndian,
    HTJ2KLossless,
    ImplicitVRLittleEndian,
    JPEG2000Lossless,
    RLELossless,
)
from pynetdicom import AE, build_role, evt
from pynetdicom.pdu import A_ASSOCIATE_RJ
from pynetdicom.pdu_primitives import AsynchronousOperationsWindowNegotiation

from tests.gate.raw_peer import CT, VERIFICATION, read_part10, send_file, small_data_set

if TYPE_CHECKING:
    from pathlib import Path

    from tests.gate.conftest import Gate, Transit

FIND = "1.2.840.10008.5.1.4.1.2.2.1"


def dcmtk(*command: str | Path) -> None:
    """Run a DCMTK tool without Nagle's algorithm; its words are the failure's message."""
    env = {**os.environ, "TCP_NODELAY": "1"}
    done = subprocess.run([str(part) for part in command], env=env, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr


def test_echoscu(gate: Gate) -> None:
    dcmtk("echoscu", "-aec", "PLANBANK", "127.0.0.1", str(gate.port))


def test_dcmsend_of_a_whole_plan_set(gate: Gate, transit: Transit, phantom: Path) -> None:
    transit.admit("DEMO_TPS")
    dcmtk(
        "dcmsend", "-aet", "DEMO_TPS", "-aec", "PLANBANK", "127.0.0.1", str(gate.port), "+sd", "+r", phantom
    )
    files = {f.sop_instance_uid: f for f in map(read_part10, phantom.rglob("*.dcm"))}
    kept = {header.sop_instance_uid: (header, data) for header, data in transit.objects()}
    assert kept.keys() == files.keys()
    assert all(header.sender_known for header, _ in kept.values())
    for uid, (header, _) in kept.items():
        assert header.sop_class_uid == files[uid].sop_class_uid
    assert transit.events() == []


def test_the_very_bytes_of_real_files_arrive(gate: Gate, transit: Transit, phantom: Path) -> None:
    chosen = [*phantom.rglob("R*.dcm"), min(phantom.rglob("CT*.dcm"))]
    assert len(chosen) >= 4
    for path in chosen:
        assert send_file("127.0.0.1", gate.port, path) == 0
    kept = {header.sop_instance_uid: (header, data) for header, data in transit.objects()}
    for path in chosen:
        sent = read_part10(path)
        header, data = kept[sent.sop_instance_uid]
        assert data == sent.data
        assert header.transfer_syntax_uid == sent.transfer_syntax_uid


@pytest.mark.parametrize("syntax", ["-xi", "-xe", "-xb", "-xd"])
def test_storescu_in_each_uncompressed_syntax_it_can_convert_to(
    gate: Gate, transit: Transit, phantom: Path, syntax: str
) -> None:
    file = min(phantom.rglob("CT*.dcm"))
    dcmtk("storescu", syntax, "-R", "-aec", "PLANBANK", "127.0.0.1", str(gate.port), file)
    [(header, data)] = transit.objects()
    uid = {
        "-xi": ImplicitVRLittleEndian,
        "-xe": ExplicitVRLittleEndian,
        "-xb": ExplicitVRBigEndian,
        "-xd": DeflatedExplicitVRLittleEndian,
    }[syntax]
    if syntax in ("-xi", "-xe"):  # proposed alone
        assert header.transfer_syntax_uid == uid
    meta = pydicom.dataset.FileMetaDataset()
    meta.TransferSyntaxUID = header.transfer_syntax_uid
    buffer = pydicom.filebase.DicomBytesIO()
    pydicom.filewriter.write_file_meta_info(buffer, meta, enforce_standard=False)
    whole = bytes(128) + b"DICM" + buffer.getvalue() + data
    ds = pydicom.dcmread(pydicom.filebase.DicomBytesIO(whole))
    original = pydicom.dcmread(file)
    assert ds.SOPInstanceUID == original.SOPInstanceUID
    assert (
        ds.PixelData[:100] == original.PixelData[:100]
        or ds.file_meta.TransferSyntaxUID == ExplicitVRBigEndian
    )


@pytest.mark.parametrize("option", ["--max-pdu", "--max-send-pdu"])
def test_storescu_with_small_pdus(gate: Gate, transit: Transit, phantom: Path, option: str) -> None:
    file = min(phantom.rglob("RP*.dcm"))
    dcmtk("storescu", option, "4096", "-aec", "PLANBANK", "127.0.0.1", str(gate.port), file)
    [(header, _)] = transit.objects()
    assert header.sop_instance_uid == read_part10(file).sop_instance_uid


def test_storescu_that_aborts_at_its_end_has_kept_what_was_acknowledged(
    gate: Gate, transit: Transit, phantom: Path
) -> None:
    file = min(phantom.rglob("RP*.dcm"))
    dcmtk("storescu", "--abort", "-aec", "PLANBANK", "127.0.0.1", str(gate.port), file)
    assert len(transit.objects()) == 1


@pytest.mark.parametrize(
    "syntax",
    [
        ImplicitVRLittleEndian,
        ExplicitVRLittleEndian,
        ExplicitVRBigEndian,
        DeflatedExplicitVRLittleEndian,
        RLELossless,
        JPEG2000Lossless,
        HTJ2KLossless,
    ],
)
def test_pynetdicom_in_each_syntax(gate: Gate, transit: Transit, syntax: str) -> None:
    ae = AE("DEMO_TPS")
    ae.add_requested_context(CT, syntax)
    assoc = ae.associate("127.0.0.1", gate.port, ae_title="PLANBANK")
    assert assoc.is_established
    assert assoc.accepted_contexts[0].transfer_syntax == [syntax]
    ds = pydicom.Dataset()
    ds.SOPClassUID, ds.SOPInstanceUID, ds.PatientID = CT, "1.2.3.4", "PHANTOM"
    ds.file_meta = pydicom.dataset.FileMetaDataset()
    ds.file_meta.TransferSyntaxUID = syntax
    assert assoc.send_c_store(ds).Status == 0x0000
    assoc.release()
    [(header, data)] = transit.objects()
    assert header.transfer_syntax_uid == syntax
    assert data


def test_pynetdicom_with_roles_a_window_and_a_class_not_taken(gate: Gate, transit: Transit) -> None:
    window = AsynchronousOperationsWindowNegotiation()
    window.maximum_number_operations_invoked = 5
    window.maximum_number_operations_performed = 5
    ae = AE("DEMO_TPS")
    ae.maximum_pdu_size = 0
    for uid in (CT, VERIFICATION, FIND):
        ae.add_requested_context(uid)
    assoc = ae.associate(
        "127.0.0.1",
        gate.port,
        ae_title="PLANBANK",
        ext_neg=[build_role(CT, scu_role=True, scp_role=True), window],
    )
    assert assoc.is_established
    assert {str(c.abstract_syntax) for c in assoc.accepted_contexts} == {CT, VERIFICATION}
    [taken] = [c for c in assoc.accepted_contexts if c.abstract_syntax == CT]
    assert (taken.as_scu, taken.as_scp) == (True, False)
    assert assoc.send_c_echo().Status == 0x0000
    assoc.release()
    assert [(e["what"], e["sop_class_uid"]) for e in transit.events()] == [("context", FIND)]


def test_pynetdicom_hears_why_it_was_refused(gate: Gate) -> None:
    """What it reads from the line: on a busy machine its own verdict is 'aborted' now and then."""
    heard: list[Any] = []
    ae = AE("DEMO_TPS")
    ae.add_requested_context(CT)
    handlers = [(evt.EVT_PDU_RECV, lambda event: heard.append(event.pdu))]
    assoc = ae.associate("127.0.0.1", gate.port, ae_title="SOMEBODY", evt_handlers=handlers)
    assert not assoc.is_established
    [pdu] = heard
    assert isinstance(pdu, A_ASSOCIATE_RJ)
    # PS3.8, table 9-21: permanent, by the service user, called AE title not recognised.
    assert (pdu.result, pdu.source, pdu.reason_diagnostic) == (1, 1, 7)


def test_a_small_object_is_that_of_the_raw_sender_too(gate: Gate, transit: Transit) -> None:
    """The same object by pynetdicom and by the raw sender: the same bytes, the same hash."""
    data = small_data_set(CT, "1.2.3.4")
    ds = pydicom.dcmread(pydicom.filebase.DicomBytesIO(data), force=True)
    ds.file_meta = pydicom.dataset.FileMetaDataset()
    ds.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    ae = AE("DEMO_TPS")
    ae.add_requested_context(CT, ExplicitVRLittleEndian)
    assoc = ae.associate("127.0.0.1", gate.port, ae_title="PLANBANK")
    assert assoc.send_c_store(ds).Status == 0x0000
    assoc.release()
    [(_, kept)] = transit.objects()
    assert kept == data
