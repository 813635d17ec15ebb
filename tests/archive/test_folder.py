"""The archive as files: what is synced when, and what kills, full disks and failed syncs leave."""

from __future__ import annotations

import errno
import os
import re
import signal
import stat
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from planbank.archive.folder import FolderStore
from planbank.errors import ObjectMissing, StoreError

KEY, OTHER = "objects/ab/abcdef", "objects/cd/cdefab"

# What a process of its own does: argv = folder.
PROCESS = """
import sys
from pathlib import Path
from planbank.archive.folder import FolderStore
store = FolderStore(Path(sys.argv[1]))
part = store.part()
part.write(bytes(100_000))
"""


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """Where the archive lies."""
    return tmp_path / "archive"


@pytest.fixture
def store(root: Path) -> FolderStore:
    """An empty archive."""
    return FolderStore(root)


def files(root: Path) -> set[str]:
    return {path.relative_to(root).as_posix() for path in root.rglob("*") if path.is_file()}


def test_layout_and_modes(store: FolderStore, root: Path) -> None:
    store.put(KEY, b"bytes")
    part = store.part()
    part.write(b"unfinished")
    [unfinished] = files(root / "parts")
    assert files(root) == {KEY, f"parts/{unfinished}"}
    assert not stat.S_IMODE((root / KEY).stat().st_mode) & 0o337
    assert not (root / KEY).parent.stat().st_mode & stat.S_IRWXO
    part.drop()
    assert files(root) == {KEY}


def test_strangers_in_the_folder_are_no_keys(store: FolderStore, root: Path) -> None:
    store.put(KEY, b"bytes")
    for name in (
        "lost+found",
        "objects/.nfs001",
        "objects/ab/UPPER",
        "objects/ab/backup~",
        "stray",
        "parts/x",
    ):
        (root / name).write_bytes(b"junk")
    (root / "objects/link").symlink_to(root / "objects/ab")
    assert list(store.keys()) == [KEY]


@pytest.mark.parametrize("failing", ["write", "sync"])
def test_a_failing_disk_leaves_nothing(
    store: FolderStore, root: Path, monkeypatch: pytest.MonkeyPatch, failing: str
) -> None:
    calls = 0

    def fail(*_: object) -> None:
        nonlocal calls
        calls += 1
        raise OSError(errno.EIO, "Input/output error")

    monkeypatch.setattr(os, "write" if failing == "write" else "fsync", fail)
    part = store.part()
    with pytest.raises(StoreError, match="Input/output error"):
        try:
            part.write(b"bytes")
            part.keep(KEY)
        finally:
            part.drop()
    assert calls == 1
    assert files(root) == set()
    with pytest.raises(StoreError):
        part.keep(KEY)
    monkeypatch.undo()
    assert store.put(KEY, b"bytes") is True


def test_a_failed_keep_alone_leaves_nothing(
    store: FolderStore, root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    part = store.part()
    part.write(b"bytes")

    def fsync(fd: int) -> None:
        raise OSError(errno.EIO, "Input/output error")

    monkeypatch.setattr(os, "fsync", fsync)
    with pytest.raises(StoreError):
        part.keep(KEY)
    assert files(root) == set()


def test_after_a_folder_that_was_not_synced_nothing_more_is_kept(
    store: FolderStore, root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    part = store.part()
    part.write(b"bytes")
    part.keep(KEY)

    def fsync(fd: int) -> None:
        raise OSError(errno.EIO, "Input/output error")

    monkeypatch.setattr(os, "fsync", fsync)
    with pytest.raises(StoreError, match="restart"):
        store.settle()
    monkeypatch.undo()
    for act in (store.settle, store.part, lambda: store.put(OTHER, b"bytes")):
        with pytest.raises(StoreError, match="restart"):
            act()
    anew = FolderStore(root)
    assert anew.put(KEY, b"bytes") is False
    assert anew.put(OTHER, b"bytes") is True


def synced(monkeypatch: pytest.MonkeyPatch, root: Path) -> list[str]:
    """A list that grows with the name of everything that is synced."""
    names: list[str] = []
    real = os.fsync

    def fsync(fd: int) -> None:
        name = os.path.relpath(str(Path(f"/proc/self/fd/{fd}").readlink()), root)
        names.append("part" if name.startswith("parts/") else name)
        real(fd)

    monkeypatch.setattr(os, "fsync", fsync)
    return names


def test_settle_syncs_each_folder_once(
    store: FolderStore, root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    names = synced(monkeypatch, root)
    for key in (KEY, KEY + "1", OTHER):
        part = store.part()
        part.write(b"bytes")
        part.keep(key)
    assert names == ["part"] * 3
    names.clear()
    store.settle()
    assert sorted(names) == [".", "objects", "objects/ab", "objects/cd"]
    names.clear()
    store.settle()
    assert names == []
    store.put(KEY + "2", b"bytes")
    assert names == ["part", "objects/ab"]


def test_what_another_process_may_not_have_synced_is(
    store: FolderStore, root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A key or a folder that is there may not be durable yet: its maker can die before it settles."""
    other = FolderStore(root)
    part = other.part()
    part.write(b"bytes")
    part.keep(KEY)
    names = synced(monkeypatch, root)
    assert store.put(KEY, b"bytes") is False
    assert sorted(names) == [".", "objects", "objects/ab"]


def test_erasure_is_durable(store: FolderStore, root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    store.put(KEY, b"bytes")
    names = synced(monkeypatch, root)
    store.erase(KEY)
    assert names == ["objects/ab"]


def test_settle_waits_for_the_sync_another_thread_began(
    store: FolderStore, root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store.put("objects/first", b"")
    begun, go_on, settled = threading.Event(), threading.Event(), threading.Event()
    real = os.fsync

    def fsync(fd: int) -> None:
        if stat.S_ISDIR(os.fstat(fd).st_mode):
            begun.set()
            assert go_on.wait(30)
        real(fd)

    part = store.part()
    part.write(b"bytes")
    part.keep("objects/second")
    monkeypatch.setattr(os, "fsync", fsync)
    first = threading.Thread(target=store.settle)
    first.start()
    assert begun.wait(30)

    def second_settle() -> None:
        store.settle()
        settled.set()

    second = threading.Thread(target=second_settle)
    second.start()
    assert not settled.wait(0.1)
    go_on.set()
    first.join()
    second.join()
    assert settled.is_set()


def test_file_before_name_before_folder(root: Path, tmp_path: Path) -> None:
    trace = tmp_path / "trace"
    code = f"assert part.keep({KEY!r})\nstore.settle()\n"
    calls = "fsync,fdatasync,link,linkat,rename,renameat,renameat2,unlink,unlinkat"
    strace = ["strace", "-f", "-y", "-o", str(trace), "-e", f"trace={calls}"]
    try:
        subprocess.run(
            [*strace, sys.executable, "-c", PROCESS + code, str(root)], check=True, capture_output=True
        )
    except FileNotFoundError:
        pytest.skip("strace is not installed")
    seen = []
    for line in trace.read_text().splitlines():
        if found := re.search(
            r"(fsync|link|unlink)\(.*?/archive(?:/(parts|objects/ab|objects))?[/>\"]", line
        ):
            if "ENOENT" in line:
                continue  # the first try, before the folder was made
            assert line.endswith("= 0")
            seen.append((found[1], found[2]))
    made, settled = seen[:3], seen[3:]
    # The first sync is that of the new archive's own folder.
    assert made == [("fsync", None), ("fsync", "parts"), ("link", "parts")]
    assert settled[0] == ("unlink", "parts")
    assert sorted(settled[1:], key=str) == [("fsync", "objects"), ("fsync", "objects/ab"), ("fsync", None)]


def test_a_dead_processs_part_is_swept_a_living_ones_is_not(root: Path) -> None:
    code = "print('written', flush=True)\nsys.stdin.read()\n"
    with subprocess.Popen(
        [sys.executable, "-c", PROCESS + code, str(root)], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"written\n"
        FolderStore(root)
        assert len(files(root / "parts")) == 1
        process.send_signal(signal.SIGKILL)
        process.wait()
    assert len(files(root / "parts")) == 1
    assert list(FolderStore(root).keys()) == []
    assert files(root) == set()


@pytest.mark.parametrize(("moment", "kept"), [("fsync", False), ("link", False), ("unlink", True)])
def test_killed_before(root: Path, moment: str, kept: bool) -> None:
    """Whatever the moment: an object is there whole or not at all, and no part stays."""
    code = f"""
import os, signal
setattr(os, {moment!r}, lambda *_: os.kill(os.getpid(), signal.SIGKILL))
part.keep({KEY!r})
"""
    if moment == "unlink":
        code = code.replace("setattr(os, 'unlink'", "setattr(Path, 'unlink'")
    with subprocess.Popen([sys.executable, "-c", PROCESS + code, str(root)]) as process:
        assert process.wait() == -signal.SIGKILL
    anew = FolderStore(root)
    assert files(root) == ({KEY} if kept else set())
    assert anew.put(KEY, bytes(100_000)) is not kept
    assert anew.size(KEY) == 100_000


def test_a_disk_that_takes_no_more(root: Path) -> None:
    # RLIMIT_FSIZE makes the kernel refuse in the middle of a real write, as a full disk does.
    code = """
import resource, signal
from planbank.errors import StoreError
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (150_000, resource.RLIM_INFINITY))
try:
    part.write(bytes(100_000))
except StoreError:
    part.drop()
print(list(store.keys()), store.put("objects/ab/small", b"small"), list(store.keys()))
"""
    done = subprocess.run([sys.executable, "-c", PROCESS + code, str(root)], check=True, capture_output=True)
    assert done.stdout == b"[] True ['objects/ab/small']\n"
    assert files(root) == {"objects/ab/small"}


def test_two_processes_one_object(root: Path) -> None:
    code = f"sys.stdin.readline()\nprint(part.keep({KEY!r}))\nstore.settle()\n"
    processes = [
        subprocess.Popen(
            [sys.executable, "-c", PROCESS + code, str(root)], stdin=subprocess.PIPE, stdout=subprocess.PIPE
        )
        for _ in range(3)
    ]
    answers = [process.communicate(b"go\n")[0] for process in processes]
    assert sorted(answers) == [b"False\n", b"False\n", b"True\n"]
    assert files(root) == {KEY}


def test_a_root_that_is_a_file(tmp_path: Path) -> None:
    (tmp_path / "archive").write_bytes(b"")
    with pytest.raises(StoreError):
        FolderStore(tmp_path / "archive")


def test_a_folder_in_the_place_of_an_object(store: FolderStore, root: Path) -> None:
    (root / KEY).mkdir(parents=True)
    with pytest.raises(StoreError) as caught:
        store.open(KEY)
    assert not isinstance(caught.value, ObjectMissing)
