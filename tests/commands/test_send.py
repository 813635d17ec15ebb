"""`planbank send` against a real receiver: what was taken, what was not, and the exit code."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from pydicom.dataset import Dataset
from pydicom.uid import ExplicitVRLittleEndian, ImplicitVRLittleEndian
from pynetdicom import AE, AllStoragePresentationContexts, evt

from planbank.commands.send import run
from planbank.errors import SendError
from tests.sending import ct, encoded


@dataclass
class Receiver:
    """A storage SCP that takes everything but what it is told to refuse, or to break off at so many times."""

    refuse: dict[str, int] = field(default_factory=dict)
    taken: dict[str, bytes] = field(default_factory=dict)
    breaks: dict[str, int] = field(default_factory=dict)
    titles: set[tuple[str, str]] = field(default_factory=set)
    closes_at: str = ""
    port: int = 0

    def store(self, event: evt.Event) -> int:
        uid = str(event.request.AffectedSOPInstanceUID)
        request = event.assoc.requestor.primitive
        self.titles.add((request.calling_ae_title, request.called_ae_title))
        if self.breaks.get(uid, 0):
            self.breaks[uid] -= 1
            if uid == self.closes_at:
                event.assoc.ae.require_calling_aet = ["NOBODY"]
            event.assoc.abort()
            return 0xC000
        if uid not in self.refuse:
            self.taken[uid] = event.request.DataSet.getvalue()
        return self.refuse.get(uid, 0x0000)

    @property
    def node(self) -> str:
        return f"127.0.0.1:{self.port}"


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    told = Receiver()
    ae = AE("ANY")
    for context in AllStoragePresentationContexts:
        ae.add_supported_context(context.abstract_syntax, [ExplicitVRLittleEndian, ImplicitVRLittleEndian])
    server = ae.start_server(("127.0.0.1", 0), block=False, evt_handlers=[(evt.EVT_C_STORE, told.store)])
    told.port = server.server_address[1]
    yield told
    server.shutdown()
    ae.shutdown()


def save(ds: Dataset, path: Path, syntax: str = ExplicitVRLittleEndian) -> Path:
    ds.ensure_file_meta()
    ds.file_meta.TransferSyntaxUID = syntax
    ds.save_as(path, enforce_file_format=True)
    return path


@pytest.mark.parametrize("syntax", [ExplicitVRLittleEndian, ImplicitVRLittleEndian])
def test_files_are_sent_byte_for_byte(
    receiver: Receiver, tmp_path: Path, capsys: pytest.CaptureFixture[str], syntax: str
) -> None:
    sets = [ct() for _ in range(3)]
    folder = tmp_path / "set"
    (folder / "deep").mkdir(parents=True)
    for number, ds in enumerate(sets):
        save(ds, folder / ("deep" if number else "") / f"{number}.dcm", syntax)
    assert run([folder], receiver.node, "DEMO_TPS", "PLANBANK") == 0
    assert capsys.readouterr().out == "3 of 3 objects were taken.\n"
    assert receiver.taken == {str(ds.SOPInstanceUID): encoded(ds, syntax) for ds in sets}
    assert receiver.titles == {("DEMO_TPS", "PLANBANK")}


def test_a_refused_object_is_named_and_the_rest_goes_on(
    receiver: Receiver, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    sets = [ct() for _ in range(3)]
    files = [save(ds, tmp_path / f"{number}.dcm") for number, ds in enumerate(sets)]
    receiver.refuse[str(sets[1].SOPInstanceUID)] = 0xA700
    assert run(files, receiver.node, "A", "B") == 1
    said = capsys.readouterr().err
    assert f"{files[1]}: Refused with status A700." in said
    assert said.splitlines()[-1] == "1 of 3 objects were not taken."
    assert len(receiver.taken) == 2


def test_a_broken_association_is_opened_anew_where_it_broke(receiver: Receiver, tmp_path: Path) -> None:
    sets = [ct() for _ in range(4)]
    files = [save(ds, tmp_path / f"{number}.dcm") for number, ds in enumerate(sets)]
    receiver.breaks = {str(sets[0].SOPInstanceUID): 1, str(sets[2].SOPInstanceUID): 2}
    assert run(files, receiver.node, "A", "B") == 0
    assert set(receiver.taken) == {str(ds.SOPInstanceUID) for ds in sets}


def test_an_object_that_breaks_every_association_does_not_hold_up_the_rest(
    receiver: Receiver, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    sets = [ct() for _ in range(3)]
    files = [save(ds, tmp_path / f"{number}.dcm") for number, ds in enumerate(sets)]
    receiver.breaks = {str(sets[1].SOPInstanceUID): 99}
    assert run(files, receiver.node, "A", "B") == 1
    assert f"{files[1]}: No answer came." in capsys.readouterr().err
    assert set(receiver.taken) == {str(sets[n].SOPInstanceUID) for n in (0, 2)}
    assert receiver.breaks[str(sets[1].SOPInstanceUID)] == 96


def test_a_receiver_that_takes_no_more_is_told_for_each_object_left(
    receiver: Receiver, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    sets = [ct() for _ in range(3)]
    files = [save(ds, tmp_path / f"{number}.dcm") for number, ds in enumerate(sets)]
    receiver.breaks = {str(sets[1].SOPInstanceUID): 1}
    receiver.closes_at = str(sets[1].SOPInstanceUID)
    assert run(files, receiver.node, "A", "B") == 1
    said = capsys.readouterr().err
    assert said.splitlines()[-1] == "2 of 3 objects were not taken."
    assert f"{files[2]}: The association ended before this object." in said


def test_a_warning_is_no_refusal(receiver: Receiver, tmp_path: Path) -> None:
    ds = ct()
    receiver.refuse[str(ds.SOPInstanceUID)] = 0xB007
    assert run([save(ds, tmp_path / "a.dcm")], receiver.node, "A", "B") == 0


def test_what_is_no_dicom_is_named_and_the_rest_goes_on(
    receiver: Receiver, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    save(ct(), tmp_path / "a.dcm")
    (tmp_path / "notes.txt").write_text("Not an object.")
    (tmp_path / "empty").write_bytes(b"")
    assert run([tmp_path], receiver.node, "A", "B") == 1
    said = capsys.readouterr().err
    for name in ("notes.txt", "empty"):
        assert f"{tmp_path / name}: This is not a DICOM file" in said
    assert len(receiver.taken) == 1


@pytest.mark.parametrize(
    ("to", "calling", "called"),
    [
        ("nowhere", "A", "B"),
        ("host:port", "A", "B"),
        ("host:0", "A", "B"),
        ("host:65536", "A", "B"),
        (":104", "A", "B"),
        ("host:104", "", "B"),
        ("host:104", "A" * 17, "B"),
        ("host:104", "A", "B\\C"),
    ],
)
def test_a_call_that_cannot_be_right(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], to: str, calling: str, called: str
) -> None:
    assert run([save(ct(), tmp_path / "a.dcm")], to, calling, called) == 2
    assert "HOST:PORT" in capsys.readouterr().err


def test_a_path_that_is_not_there(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run([tmp_path / "none"], "127.0.0.1:104", "A", "B") == 2
    assert "none" in capsys.readouterr().err


def test_an_empty_folder(receiver: Receiver, tmp_path: Path) -> None:
    with pytest.raises(SendError, match="nothing to send"):
        run([tmp_path], receiver.node, "A", "B")


def test_as_a_command_a_closed_port_is_one_plain_line_and_exit_code_1(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as closed:
        port = closed.getsockname()[1]
    save(ct(), tmp_path / "a.dcm")
    done = subprocess.run(
        [sys.executable, "-m", "planbank", "send", str(tmp_path / "a.dcm"), "--to", f"127.0.0.1:{port}"],
        env=os.environ,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 1
    last = done.stderr.splitlines()[-1]
    assert last == f"Objects could not be sent. PLANBANK at 127.0.0.1:{port}: nothing listens there."
    assert "Traceback" not in done.stderr
