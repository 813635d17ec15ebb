"""The test sender against a foreign receiver: what it says is DICOM to others too."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pydicom
from pydicom.dataset import Dataset, FileMetaDataset
from pynetdicom import AE, AllStoragePresentationContexts, evt

from tests.gate.raw_peer import CT, EXPLICIT, VERIFICATION, Peer, read_part10, send_file, small_data_set

if TYPE_CHECKING:
    from pathlib import Path


def test_a_foreign_receiver_takes_the_very_bytes(tmp_path: Path) -> None:
    data = small_data_set(CT, "1.2.3.4", pixels=70000)
    ds = pydicom.dcmread(pydicom.filebase.DicomBytesIO(data), force=True)
    ds.file_meta = FileMetaDataset()
    ds.file_meta.MediaStorageSOPClassUID, ds.file_meta.MediaStorageSOPInstanceUID = CT, "1.2.3.4"
    ds.file_meta.TransferSyntaxUID = EXPLICIT
    path = tmp_path / "ct.dcm"
    pydicom.dcmwrite(path, ds, enforce_file_format=True)
    assert read_part10(path).data == data

    received: list[bytes] = []

    def keep(event: evt.Event) -> int:
        received.append(event.request.DataSet.getvalue())
        return 0x0000

    ae = AE("PLANBANK")
    ae.supported_contexts = AllStoragePresentationContexts
    ae.add_supported_context(VERIFICATION)
    server = ae.start_server(("127.0.0.1", 0), block=False, evt_handlers=[(evt.EVT_C_STORE, keep)])
    try:
        port = server.socket.getsockname()[1]
        assert send_file("127.0.0.1", port, path) == 0
        with Peer("127.0.0.1", port) as peer:
            peer.associate([(VERIFICATION, [EXPLICIT])])
            assert peer.echo() == 0
            peer.release()
    finally:
        server.shutdown()
    assert received == [data]
    assert isinstance(ds, Dataset)
