"""Part files are locked while their writer lives; a sweep takes only those of the dead."""

from __future__ import annotations

import fcntl
import os
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from planbank.archive import durable


def test_a_name_is_taken_once(tmp_path: Path) -> None:
    fd = durable.create_locked(tmp_path / "a.part")
    with pytest.raises(FileExistsError):
        durable.create_locked(tmp_path / "a.part")
    os.close(fd)
    assert (tmp_path / "a.part").exists()


def test_no_link_is_followed(tmp_path: Path) -> None:
    (tmp_path / "a.part").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(FileExistsError):
        durable.create_locked(tmp_path / "a.part")
    assert durable.sweep(tmp_path, ".part") == 0
    assert not (tmp_path / "elsewhere").exists()


def test_sweep_takes_the_dead_only(tmp_path: Path) -> None:
    living = durable.create_locked(tmp_path / "living.part")
    os.close(durable.create_locked(tmp_path / "dead.part"))
    (tmp_path / "kept.parcel").write_bytes(b"")
    (tmp_path / "folder.part").mkdir()
    assert durable.sweep(tmp_path, ".part") == 1
    assert {path.name for path in tmp_path.iterdir()} == {"living.part", "kept.parcel", "folder.part"}
    os.close(living)
    assert durable.sweep(tmp_path, ".part") == 1


def test_sweep_spares_the_writer_in_another_process(tmp_path: Path) -> None:
    code = """
import sys
from pathlib import Path
from planbank.archive.durable import create_locked
create_locked(Path(sys.argv[1]))
print("locked", flush=True)
sys.stdin.read()
"""
    path = tmp_path / "a.part"
    with subprocess.Popen(
        [sys.executable, "-c", code, str(path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as writer:
        assert writer.stdout is not None
        assert writer.stdout.readline() == b"locked\n"
        assert durable.sweep(tmp_path, ".part") == 0
        assert path.exists()
        writer.kill()
        writer.wait()
    assert durable.sweep(tmp_path, ".part") == 1


def test_writers_and_sweeps_side_by_side(tmp_path: Path) -> None:
    """A sweep may come between the creation of a part and its lock: the writer never loses its file."""
    stop = threading.Event()

    def sweep() -> None:
        while not stop.is_set():
            durable.sweep(tmp_path, ".part")

    sweepers = [threading.Thread(target=sweep) for _ in range(4)]
    for sweeper in sweepers:
        sweeper.start()
    try:
        for number in range(300):
            path = tmp_path / f"{number}.part"
            fd = durable.create_locked(path)
            durable.write_all(fd, b"x")
            path.rename(path.with_suffix(".whole"))
            os.close(fd)
    finally:
        stop.set()
        for sweeper in sweepers:
            sweeper.join()
    assert len(list(tmp_path.glob("*.whole"))) == 300
    assert list(tmp_path.glob("*.part")) == []


def test_a_sweep_that_comes_late_spares_what_was_made_anew(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two sweeps open one part; the first takes it; its writer makes it again before the second locks."""
    path = tmp_path / "a.part"
    path.touch()
    lock, made = fcntl.flock, []

    def late(fd: int, how: int) -> None:
        monkeypatch.setattr(fcntl, "flock", lock)
        assert durable.sweep(tmp_path, ".part") == 1
        made.append(durable.create_locked(path))
        lock(fd, how)

    monkeypatch.setattr(fcntl, "flock", late)
    assert durable.sweep(tmp_path, ".part") == 0
    assert os.path.samestat(os.fstat(made[0]), path.stat())
    os.close(made[0])


def test_short_writes_go_on(tmp_path: Path) -> None:
    reader, writer = os.pipe()
    taken = bytearray()

    def drain() -> None:
        while data := os.read(reader, 65536):
            taken.extend(data)

    thread = threading.Thread(target=drain)
    thread.start()
    os.set_blocking(writer, True)
    data = os.urandom(1 << 20)
    assert durable.write_all(writer, memoryview(data)) == len(data)
    os.close(writer)
    thread.join()
    os.close(reader)
    assert taken == data


def test_folders_are_made_and_synced_in_their_parents(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    synced: list[str] = []
    real = os.fsync

    def fsync(fd: int) -> None:
        synced.append(str(Path(f"/proc/self/fd/{fd}").readlink()))
        real(fd)

    monkeypatch.setattr(os, "fsync", fsync)
    durable.make_folder(tmp_path / "a" / "b" / "c")
    assert (tmp_path / "a/b/c").is_dir()
    assert synced == [str(tmp_path), str(tmp_path / "a"), str(tmp_path / "a/b")]
    synced.clear()
    durable.make_folder(tmp_path / "a" / "b" / "c")
    assert synced == []
