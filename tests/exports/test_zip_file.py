"""The ZIP that can be taken up again (R113, R115): any range of it, read by programs of others."""

from __future__ import annotations

import io
import shutil
import subprocess
import zipfile
import zlib
from collections.abc import Iterable
from pathlib import Path
from typing import BinaryIO

import pytest
from hypothesis import given
from hypothesis import strategies as st

from planbank.errors import ObjectMissing
from planbank.exports import zip_file
from planbank.exports.zip_file import Ends, Member, ends, length, pieces

FILES = st.lists(st.tuples(st.text("abcæ/0_-", min_size=1, max_size=12), st.binary(max_size=400)), max_size=6)


class Laid:
    """Files laid out one after the other."""

    def __init__(self, files: list[tuple[str, bytes]], begin: int = 0) -> None:
        self.data: dict[int, bytes] = {}
        self.members: list[Member] = []
        at = begin
        for name, data in files:
            self.members.append(Member(name, len(data), zlib.crc32(data), at))
            self.data[at] = data
            at += length(name, len(data))
        self.ends = ends(self.members)

    def after(self, at: int) -> Iterable[Member]:
        return (one for one in self.members if one.end > at)

    def opened(self, member: Member) -> BinaryIO:
        return io.BytesIO(self.data[member.offset])

    def bytes(self, start: int = 0, stop: int | None = None) -> bytes:
        return b"".join(pieces(self.after, self.opened, self.ends, start, stop))


@given(FILES)
def test_a_reader_finds_every_member_and_its_sum_holds(files: list[tuple[str, bytes]]) -> None:
    laid = Laid([(f"{number}/{name}", data) for number, (name, data) in enumerate(files)])
    whole = laid.bytes()
    assert len(whole) == laid.ends.size
    with zipfile.ZipFile(io.BytesIO(whole)) as archive:
        assert archive.testzip() is None
        assert [archive.read(name) for name in archive.namelist()] == [data for _name, data in files]


@given(FILES, st.integers(0, 3000), st.integers(0, 3000))
def test_any_range_is_that_part_of_the_whole(files: list[tuple[str, bytes]], start: int, more: int) -> None:
    laid = Laid(files)
    assert laid.bytes(start, start + more) == laid.bytes()[start : start + more]


def test_beyond_four_gigabytes_and_65535_members_the_wide_records_are_read(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    # The limits are lowered for a writer that would need terabytes to reach them; readers know both forms.
    monkeypatch.setattr(zip_file, "_MANY", 2)
    laid = Laid([("a", b"1"), ("b", b"22"), ("c", b"333")])
    tail = laid.bytes()[-22:]
    assert tail[10:12] == b"\x02\x00"
    far = Laid([("a", b"1"), ("far", b"22")], begin=5_000_000_000)
    at = far.ends.directory
    directory = far.bytes(at)
    # The reader sees a file of zeros with the members where they say they are.
    whole = _Sparse(5_000_000_000, far.bytes(5_000_000_000))
    with zipfile.ZipFile(whole) as archive:  # type: ignore[arg-type]
        assert archive.read("far") == b"22"
    assert b"PK\x06\x06" in directory


def test_another_program_reads_it(tmp_path: Path) -> None:
    unzip = shutil.which("unzip") or shutil.which("bsdtar")
    file = tmp_path / "a.zip"
    file.write_bytes(Laid([("P1/CT-00001.dcm", bytes(200_000)), ("manifest.csv", b"x")]).bytes())
    if unzip is None:
        done = subprocess.run(["python3", "-m", "zipfile", "-t", str(file)], capture_output=True)
    else:
        flags = ["-tq"] if unzip.endswith("unzip") else ["-tf"]
        done = subprocess.run([unzip, *flags, str(file)], capture_output=True)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("data", [b"", b"12", b"1234"])
def test_bytes_that_are_not_what_was_laid_out_break_it_off(data: bytes) -> None:
    laid = Laid([("a", b"123")])
    laid.data[0] = data
    with pytest.raises(ObjectMissing):
        laid.bytes()


def test_nothing_is_an_empty_file() -> None:
    assert ends([]) == Ends(0, 0, 0)
    assert zipfile.ZipFile(io.BytesIO(Laid([]).bytes())).namelist() == []


class _Sparse(io.RawIOBase):
    """Zeros up to `begin`, then `data`."""

    def __init__(self, begin: int, data: bytes) -> None:
        self._begin, self._data, self._at = begin, data, 0

    def seekable(self) -> bool:
        return True

    def readable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = 0) -> int:
        size = self._begin + len(self._data)
        self._at = offset if whence == 0 else (self._at if whence == 1 else size) + offset
        return self._at

    def tell(self) -> int:
        return self._at

    def read(self, size: int = -1) -> bytes:
        end = self._begin + len(self._data) if size < 0 else self._at + size
        part = b"".join(
            self._data[n - self._begin : n - self._begin + 1] if n >= self._begin else b"\0"
            for n in range(self._at, min(end, self._begin + len(self._data)))
        )
        self._at += len(part)
        return part
