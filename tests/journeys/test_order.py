"""The order of the durability contract, read from the system calls of real processes by strace.

Each runs once, with a foreign sender (DCMTK's dcmsend): what is told when, and what lies on the disk then.
"""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pydicom
import pytest
from pydicom.uid import ExplicitVRLittleEndian

from tests.journeys.live import Live
from tests.sending import ct

CALLS = (
    "trace=openat,write,fsync,fdatasync,rename,renameat,renameat2,link,linkat,unlink,unlinkat,sendto,sendmsg"
)
LINE = re.compile(r"^(\d+)\s+(\w+)\((.*)$")
RESUMED = re.compile(r"^(\d+)\s+<\.\.\. (\w+) resumed>(.*)$")


@dataclass(frozen=True)
class Call:
    """One system call, at the moment it ended: thread, name, what stands between its brackets and after."""

    thread: int
    name: str
    text: str

    def ok(self) -> bool:
        return re.search(r"= \d+(<[^>]*>)?$", self.text) is not None


@contextmanager
def traced(pids: list[int], log: Path) -> Iterator[None]:
    """strace on these processes and all their threads and children, until the end."""
    command = ["strace", "-f", "-y", "-s", "120", "-e", CALLS, "-o", str(log)]
    tracer = subprocess.Popen(
        [*command, *[part for pid in pids for part in ("-p", str(pid))]], stderr=subprocess.PIPE, text=True
    )
    assert tracer.stderr is not None
    attached = 0
    while attached < len(pids):
        line = tracer.stderr.readline()
        if not line or "not permitted" in line:
            tracer.kill()
            tracer.communicate()
            pytest.skip(f"strace may not attach here: {line.strip()}")
        attached += "attached" in line
    try:
        yield
    finally:
        tracer.send_signal(signal.SIGINT)
        tracer.communicate(timeout=30)


def calls(log: Path) -> list[Call]:
    """In the order in which they ended."""
    begun: dict[tuple[str, str], str] = {}
    found = []
    for line in log.read_text(errors="replace").splitlines():
        if match := RESUMED.match(line):
            text = begun.pop((match[1], match[2]), "") + match[3]
        elif match := LINE.match(line):
            if match[3].endswith("<unfinished ...>"):
                begun[match[1], match[2]] = match[3].removesuffix("<unfinished ...>")
                continue
            text = match[3]
        else:
            continue
        found.append(Call(int(match[1]), match[2], text))
    return found


def positions(found: list[Call], *steps: tuple[str, str]) -> list[int]:
    """Where each (name, pattern) first ends well after the one before it; fails where one does not."""
    at, places = -1, []
    for name, pattern in steps:
        after = (
            n
            for n, call in enumerate(found)
            if n > at and re.fullmatch(name, call.name) and re.search(pattern, call.text) and call.ok()
        )
        at = next(after, -1)
        assert at >= 0, (
            f"no {name} of {pattern} after {places}: {[c.name + ' ' + c.text[:90] for c in found]}"
        )
        places.append(at)
    return places


@pytest.fixture
def objects(tmp_path: Path) -> list[Path]:
    """Three CT images as files."""
    if not shutil.which("strace") or not shutil.which("dcmsend"):
        pytest.skip("strace and dcmsend (DCMTK) are needed")
    paths = []
    for number in range(3):
        ds = ct(PixelData=bytes(200_000), Rows=1, Columns=1, BitsAllocated=16)
        ds["PixelData"].VR = "OW"
        paths.append(tmp_path / f"{number}.dcm")
        pydicom.dcmwrite(
            paths[-1],
            pydicom.FileDataset("", ds, file_meta=meta(ds), preamble=bytes(128)),
            enforce_file_format=True,
        )
    return paths


def meta(ds: pydicom.Dataset) -> pydicom.dataset.FileMetaDataset:
    found = pydicom.dataset.FileMetaDataset()
    found.MediaStorageSOPClassUID = ds.SOPClassUID
    found.MediaStorageSOPInstanceUID = ds.SOPInstanceUID
    found.TransferSyntaxUID = ExplicitVRLittleEndian
    return found


def send(live: Live, *files: Path) -> None:
    command = ["dcmsend", "-aet", "DEMO_TPS", "-aec", "PLANBANK", "127.0.0.1", str(live.dicom_port)]
    env = os.environ | {"TCP_NODELAY": "1"}
    done = subprocess.run([*command, *map(str, files)], env=env, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr


def test_the_gate_says_success_after_write_sync_rename_and_sync_of_the_folder(
    live: Live, objects: list[Path], tmp_path: Path
) -> None:
    gates = [pid for parent in live.pids("gate") for pid in (parent, *children(parent))]
    with traced(gates, tmp_path / "gate.log"):
        send(live, *objects)
        live.settled()
    found = calls(tmp_path / "gate.log")
    names = sorted({m[1] for c in found if (m := re.search(r"incoming/([0-9a-f]{32})\.part", c.text))})
    assert len(names) == len(objects)
    for name in names:
        part, parcel = rf"incoming/{name}\.part", rf"incoming/{name}\.parcel"
        written, synced, renamed, folder, told = positions(
            found,
            ("write", rf"<[^>]*{part}>"),
            ("fsync", rf"<[^>]*{part}>"),
            ("rename(at2?)?", rf"{part}.*{parcel}"),
            ("fsync", r"<[^>]*/incoming>"),
            ("sendto|sendmsg|write", r"<(TCP|socket):"),
        )
        thread = found[written].thread
        assert {found[n].thread for n in (synced, renamed, folder, told)} == {thread}
        last = max(
            n for n, c in enumerate(found) if c.name == "write" and re.search(rf"<[^>]*{part}>", c.text)
        )
        assert last < synced, "every byte was written before the sync"
        between = [
            c for c in found[written:told] if c.thread == thread and re.search(r"<(TCP|socket):", c.text)
        ]
        assert between == [], "the sender is told nothing before"
        syncs = [c for c in found if c.name == "fsync" and re.search(rf"<[^>]*{part}>", c.text)]
        assert len(syncs) == 1


def test_register_deletes_the_parcel_after_store_sync_and_commit(
    live: Live, objects: list[Path], tmp_path: Path
) -> None:
    ds = pydicom.dcmread(objects[0])
    ds.SOPInstanceUID = ds.file_meta.MediaStorageSOPInstanceUID = "1.2.826.77"
    ds.save_as(objects[0])
    with traced(live.pids("work"), tmp_path / "work.log"):
        send(live, objects[0])
        live.settled()
    found = calls(tmp_path / "work.log")
    deleted = [
        n for n, c in enumerate(found) if c.name.startswith("unlink") and ".parcel" in c.text and c.ok()
    ]
    assert len(deleted) == 1
    positions(
        found[: deleted[0] + 1],
        ("write", r"<[^>]*archive/parts/[0-9a-f]+\.part>"),
        ("fsync", r"<[^>]*archive/parts/[0-9a-f]+\.part>"),
        ("link(at)?", r"archive/parts/.*archive/objects/"),
        ("fsync", r"<[^>]*archive/objects/"),
        ("link(at)?", r"archive/parts/.*archive/arrivals/"),
        ("fsync", r"<[^>]*archive/arrivals/"),
        ("sendto|write", r"(UNIX|socket):.*catalogue_submission"),
        ("sendto|write", r"(UNIX|socket):.*COMMIT"),
        ("unlink(at)?", r"transit/incoming/[0-9a-f]{32}\.parcel"),
    )


def children(pid: int) -> list[int]:
    return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
