"""The transit area as files: what a kill, a full disk, a failed sync or a meddler leaves behind."""

from __future__ import annotations

import errno
import os
import re
import signal
import stat
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from planbank.errors import ParcelDamaged, ParcelError, ParcelUnsigned
from planbank.transit.folder import FolderTray

if TYPE_CHECKING:
    from collections.abc import Callable

    from planbank.transit.parcel import Header
    from planbank.transit.signature import Signer

# What a depositor does, as a process of its own: argv = folder, recipient, size of the data.
DEPOSITOR = """
import sys
from datetime import UTC, datetime
from pathlib import Path
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from planbank.transit.folder import FolderTray
from planbank.transit.parcel import Header, new_parcel_id
from planbank.transit.signature import Signer

folder, recipient, size = Path(sys.argv[1]), sys.argv[2], int(sys.argv[3])
tray = FolderTray(folder, recipients=[recipient], signer=Signer("gate", Ed25519PrivateKey.generate()))
header = Header(new_parcel_id(datetime.now(UTC)), "object", "a", "TPS", "PB", "192.0.2.7", "2026")
block = bytes(65536)
"""


def files(tray_or_path: Path) -> set[str]:
    return {path.relative_to(tray_or_path).as_posix() for path in tray_or_path.rglob("*") if path.is_file()}


def discard(tray: FolderTray, parcel_id: str) -> bytes:
    """Open a parcel and give its data."""

    class Taken:
        data = b""

        def write(self, data: bytes) -> int:
            self.data += data
            return len(data)

    taken = Taken()
    tray.open(parcel_id, lambda header: taken)
    return taken.data


def test_layout_and_modes(tray: FolderTray, tmp_path: Path, new_header: Callable[[], Header]) -> None:
    waiting, aside = new_header(), new_header()
    tray.put(waiting, [b"x"])
    tray.put(aside, [b"x"])
    tray.quarantine(aside.parcel_id)
    tray.publish("senders", {})
    assert files(tmp_path / "transit") == {
        f"incoming/{waiting.parcel_id}.parcel",
        f"quarantine/{aside.parcel_id}.parcel",
        "control/senders.json",
    }
    for path in (tmp_path / "transit").rglob("*"):
        assert not path.stat().st_mode & stat.S_IRWXO


def test_nothing_of_the_data_or_the_header_is_legible(
    tray: FolderTray, tmp_path: Path, new_header: Callable[[], Header]
) -> None:
    head = new_header()
    tray.put(head, [b"Doe^Jane" * 1000])
    content = (tmp_path / "transit/incoming" / f"{head.parcel_id}.parcel").read_bytes()
    for secret in (b"Doe^Jane", head.calling_ae.encode(), head.address.encode(), head.parcel_id.encode()):
        assert secret not in content


def test_strangers_in_the_folder_are_passed_over(
    tray: FolderTray, tmp_path: Path, new_header: Callable[[], Header]
) -> None:
    head = new_header()
    tray.put(head, [b"x"])
    incoming = tmp_path / "transit/incoming"
    for name in (
        "x.parcel",
        f"{'A' * 32}.parcel",
        f"{'a' * 33}.parcel",
        f"{'a' * 32}.parcel.bak",
        ".nfs0001",
        "b" * 32,
    ):
        (incoming / name).write_bytes(b"junk")
    assert tray.waiting() == [head.parcel_id]
    assert tray.load().parcels == 1


@pytest.fixture
def small(tray: FolderTray, tmp_path: Path, new_header: Callable[[], Header]) -> tuple[str, Path]:
    """Id and file of a waiting parcel of a few hundred bytes."""
    head = new_header()
    tray.put(head, [b"some data"])
    return head.parcel_id, tmp_path / "transit/incoming" / f"{head.parcel_id}.parcel"


def refuses(tray: FolderTray, parcel_id: str) -> None:
    """The parcel is refused before anybody is asked to take its data."""

    def begin(header: Header) -> FolderTray:
        raise AssertionError("data of a damaged parcel were offered")

    with pytest.raises((ParcelDamaged, ParcelUnsigned)):
        tray.open(parcel_id, begin)  # type: ignore[arg-type]


def test_truncated_anywhere(tray: FolderTray, small: tuple[str, Path]) -> None:
    parcel_id, file = small
    whole = file.read_bytes()
    for size in range(len(whole)):
        file.write_bytes(whole[:size])
        refuses(tray, parcel_id)
    file.write_bytes(whole)
    assert discard(tray, parcel_id) == b"some data"


def test_a_bit_flipped_anywhere(tray: FolderTray, small: tuple[str, Path]) -> None:
    parcel_id, file = small
    whole = file.read_bytes()
    for at in range(len(whole)):
        changed = bytearray(whole)
        changed[at] ^= 1 << at % 8
        file.write_bytes(changed)
        refuses(tray, parcel_id)


@pytest.mark.parametrize("extra", [b"\0", b"planbank signed\n" + bytes(104)])
def test_bytes_added(tray: FolderTray, small: tuple[str, Path], extra: bytes) -> None:
    parcel_id, file = small
    whole = file.read_bytes()
    for changed in (whole + extra, extra + whole):
        file.write_bytes(changed)
        refuses(tray, parcel_id)


def test_two_parcels_swapped(
    tray: FolderTray, small: tuple[str, Path], tmp_path: Path, new_header: Callable[[], Header]
) -> None:
    other = new_header()
    tray.put(other, [b"other data"])
    other_file = tmp_path / "transit/incoming" / f"{other.parcel_id}.parcel"
    mine, theirs = small[1].read_bytes(), other_file.read_bytes()
    small[1].write_bytes(theirs)
    other_file.write_bytes(mine)
    for parcel_id in (small[0], other.parcel_id):
        refuses(tray, parcel_id)


def test_the_signature_of_another_parcel(
    tray: FolderTray, small: tuple[str, Path], tmp_path: Path, new_header: Callable[[], Header]
) -> None:
    other = new_header()
    tray.put(other, [b"some data"])
    theirs = (tmp_path / "transit/incoming" / f"{other.parcel_id}.parcel").read_bytes()
    small[1].write_bytes(small[1].read_bytes()[:-120] + theirs[-120:])
    refuses(tray, small[0])


def depositor(tmp_path: Path, recipient: str, code: str, size: int = 0) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [sys.executable, "-c", DEPOSITOR + code, str(tmp_path / "transit"), recipient, str(size)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )


def test_a_dead_writers_part_is_swept_a_living_ones_is_not(
    tmp_path: Path, recipient: str, signer: Signer
) -> None:
    code = """
def fragments():
    yield block * 4
    print("writing", flush=True)
    sys.stdin.read()
tray.put(header, fragments())
"""
    writer = subprocess.Popen(
        [sys.executable, "-c", DEPOSITOR + code, str(tmp_path / "transit"), recipient, "0"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    assert writer.stdout is not None
    assert writer.stdin is not None
    with writer:
        assert writer.stdout.readline() == b"writing\n"
        FolderTray(tmp_path / "transit", recipients=[recipient], signer=signer)
        [part] = files(tmp_path / "transit")
        assert part.endswith(".part")
        writer.send_signal(signal.SIGKILL)
        writer.wait()
        assert files(tmp_path / "transit") == {part}
        back_end = FolderTray(tmp_path / "transit")
        assert back_end.waiting() == []
        assert files(tmp_path / "transit") == {part}
        FolderTray(tmp_path / "transit", recipients=[recipient], signer=signer)
        assert files(tmp_path / "transit") == set()


@pytest.mark.parametrize(
    ("moment", "waiting"), [("before the sync", 0), ("after the sync", 0), ("after the rename", 1)]
)
def test_killed_at_a_bad_moment(
    tmp_path: Path, recipient: str, signer: Signer, moment: str, waiting: int
) -> None:
    code = f"""
import os, signal
real, moment = os.fsync, {moment!r}
def fsync(fd):
    is_part = os.readlink(f"/proc/self/fd/{{fd}}").endswith(".part")
    if moment == "before the sync" or (moment == "after the rename" and not is_part):
        os.kill(os.getpid(), signal.SIGKILL)
    real(fd)
    if moment == "after the sync":
        os.kill(os.getpid(), signal.SIGKILL)
os.fsync = fsync
tray.put(header, [block] * 3)
"""
    with depositor(tmp_path, recipient, code) as process:
        assert process.wait() == -signal.SIGKILL
    anew = FolderTray(tmp_path / "transit", recipients=[recipient], signer=signer)
    assert len(anew.waiting()) == waiting
    assert len(files(tmp_path / "transit")) == waiting


def test_a_disk_that_takes_no_more(tmp_path: Path, recipient: str) -> None:
    # RLIMIT_FSIZE makes the kernel refuse in the middle of a real write, as a full disk does.
    code = """
import resource, signal
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (1_000_000, resource.RLIM_INFINITY))
try:
    tray.put(header, (block for _ in range(32)))
except OSError as exc:
    print(exc.errno, tray.waiting())
tray.put(header, [b"a smaller one"])
print(tray.waiting() == [header.parcel_id])
"""
    done, errors = (process := depositor(tmp_path, recipient, code)).communicate()
    assert process.returncode == 0, errors.decode()
    assert done.decode().splitlines() == [f"{errno.EFBIG} []", "True"]
    assert [Path(name).suffix for name in files(tmp_path / "transit")] == [".parcel"]


def test_memory_stays_flat(tmp_path: Path, recipient: str) -> None:
    code = """
import resource
import pyrage
from planbank.transit.unseal import Opener

identity = pyrage.x25519.Identity.generate()
signer = Signer("gate", Ed25519PrivateKey.generate())
tray = FolderTray(
    folder, recipients=[str(identity.to_public())], signer=signer, opener=Opener([str(identity)]),
    verifiers={"gate": signer.verify_key()},
)

class Counted:
    size = 0
    def write(self, data):
        self.size += len(data)
        return len(data)

def there_and_back(blocks):
    tray.put(header, (memoryview(block) for _ in range(blocks)))
    counted = Counted()
    tray.open(header.parcel_id, lambda header: counted)
    tray.delete(header.parcel_id)
    return counted.size

there_and_back(20)
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
print(there_and_back(size // len(block)), resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before)
"""
    size = 96 * 2**20
    done, errors = (process := depositor(tmp_path, recipient, code, size)).communicate()
    assert process.returncode == 0, errors.decode()
    passed, grown = map(int, done.split())
    assert passed == size
    assert grown < 6 * 1024  # KiB


def test_file_before_name_before_folder(tmp_path: Path, recipient: str) -> None:
    trace = tmp_path / "trace"
    calls = "fsync,fdatasync,rename,renameat,renameat2,link,linkat"
    strace = ["strace", "-f", "-y", "-o", str(trace), "-e", f"trace={calls}"]
    code = "tray.put(header, [block])\ntray.publish('senders', {})\ntray.quarantine(header.parcel_id)"
    try:
        subprocess.run(
            [*strace, sys.executable, "-c", DEPOSITOR + code, str(tmp_path / "transit"), recipient, "0"],
            check=True,
            capture_output=True,
        )
    except FileNotFoundError:
        pytest.skip("strace is not installed")
    seen = []
    for line in trace.read_text().splitlines():
        if found := re.search(
            r"(fsync|rename\w*)\(.*?/transit/(\w+)(?:/[\w-]+\.(?:[0-9a-f]+\.)?(\w+))?", line
        ):
            assert line.endswith("= 0")
            seen.append((found[1], found[2], found[3]))
    assert seen == [
        ("fsync", "incoming", "part"),
        ("rename", "incoming", "part"),
        ("fsync", "incoming", None),
        ("fsync", "control", "tmp"),
        ("rename", "control", "tmp"),
        ("fsync", "control", None),
        ("rename", "incoming", "parcel"),
        ("fsync", "quarantine", None),
        ("fsync", "incoming", None),
    ]


@pytest.mark.parametrize("failing", ["file", "folder"])
def test_a_failed_sync_is_told_and_leaves_nothing(
    tray: FolderTray,
    tmp_path: Path,
    new_header: Callable[[], Header],
    monkeypatch: pytest.MonkeyPatch,
    failing: str,
) -> None:
    synced: list[str] = []
    real = os.fsync

    def fsync(fd: int) -> None:
        kind = "folder" if stat.S_ISDIR(os.fstat(fd).st_mode) else "file"
        synced.append(kind)
        if kind == failing:
            raise OSError(errno.EIO, "Input/output error")
        real(fd)

    monkeypatch.setattr(os, "fsync", fsync)
    with pytest.raises(OSError, match="Input/output error"):
        tray.put(new_header(), [b"x" * 100_000])
    assert synced == (["file"] if failing == "file" else ["file", "folder"])
    assert files(tmp_path / "transit") == set()
    monkeypatch.undo()
    head = new_header()
    tray.put(head, [b"next"])
    assert tray.waiting() == [head.parcel_id]


def test_a_failed_sync_keeps_what_was_published_before(
    tray: FolderTray, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tray.publish("senders", {"number": 1})

    def fsync(fd: int) -> None:
        raise OSError(errno.EIO, "Input/output error")

    monkeypatch.setattr(os, "fsync", fsync)
    with pytest.raises(OSError, match="Input/output error"):
        tray.publish("senders", {"number": 2})
    assert tray.read("senders") == {"number": 1}
    assert files(tmp_path / "transit") == {"control/senders.json"}


def test_changed_grows_though_the_clock_is_set_back(tray: FolderTray, tmp_path: Path) -> None:
    tray.publish("senders", {"number": 1})
    future = 4_000_000_000
    os.utime(tmp_path / "transit/control/senders.json", (future, future))
    tray.publish("senders", {"number": 2})
    assert tray.changed("senders") > future


def test_a_control_file_that_is_no_object(tray: FolderTray, tmp_path: Path) -> None:
    for content in ("[1]", "{", ""):
        (tmp_path / "transit/control/senders.json").write_text(content)
        with pytest.raises(ValueError, match=r".+"):
            tray.read("senders")


def test_no_id_leads_out_of_the_folder(tray: FolderTray, tmp_path: Path) -> None:
    (tmp_path / "outside.parcel").write_bytes(b"precious")
    for name in ("../../outside", str(tmp_path / "outside")):
        for act in (tray.delete, tray.quarantine, tray.release):
            with pytest.raises(ParcelError):
                act(name)
    assert (tmp_path / "outside.parcel").read_bytes() == b"precious"


def test_a_depositor_loads_no_private_half() -> None:
    code = """
import sys
import planbank.transit.folder, planbank.transit.keyfiles
heavy = {"planbank.transit.unseal", "django", "numpy", "numba", "pydicom", "pydantic", "psycopg"}
print(sorted(heavy & set(sys.modules)))
"""
    assert subprocess.run([sys.executable, "-c", code], check=True, capture_output=True).stdout == b"[]\n"


def test_a_probe_writes_and_leaves_nothing(tmp_path: Path) -> None:
    tray = FolderTray(tmp_path)
    tray.probe()
    assert files(tmp_path) == set()
    free, total = tray.space()
    assert 0 <= free <= total
    (tmp_path / "incoming").rmdir()
    with pytest.raises(FileNotFoundError):
        tray.probe()
    with pytest.raises(FileNotFoundError):
        tray.space()
