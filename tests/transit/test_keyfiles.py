"""Key files are read line by line; what is wrong is told with the file's name."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import pytest

from planbank.errors import KeyMissing
from planbank.transit.keyfiles import Followed, read_key_file, read_key_lines

if TYPE_CHECKING:
    from pathlib import Path


def test_lines_without_comments(tmp_path: Path) -> None:
    file = tmp_path / "transit.pub"
    file.write_bytes(b"# new\r\nage1new\r\n\r\n   age1old  \n#age1gone")
    assert read_key_lines(file) == ["age1new", "age1old"]


@pytest.mark.parametrize("content", [b"", b"\n \n", b"# only\n"])
def test_a_file_without_keys(tmp_path: Path, content: bytes) -> None:
    file = tmp_path / "transit.pub"
    file.write_bytes(content)
    with pytest.raises(KeyMissing, match=r"transit\.pub"):
        read_key_lines(file)


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(KeyMissing, match=r"transit\.pub: No such file"):
        read_key_file(tmp_path / "transit.pub")
    with pytest.raises(KeyMissing, match="directory"):
        read_key_file(tmp_path)


# --- files that are followed


def replace(file: Path, content: str) -> None:
    """As keys are changed: whole, by a rename."""
    new = file.with_suffix(".new")
    new.write_text(content)
    new.rename(file)


def test_a_file_that_changes_is_read_anew_and_only_then(tmp_path: Path) -> None:
    file, read = tmp_path / "transit.pub", []

    def lines(path: Path) -> list[str]:
        read.append(path)
        return read_key_lines(path)

    replace(file, "one")
    followed = Followed(file, lines)
    assert [followed(), followed(), followed()] == [["one"]] * 3
    replace(file, "two")  # same length, in the same moment
    assert [followed(), followed()] == [["two"]] * 2
    assert read == [file, file]


def test_what_cannot_be_read_leaves_the_last_good_keys(tmp_path: Path) -> None:
    file = tmp_path / "transit.pub"
    replace(file, "good")
    followed = Followed(file, read_key_lines)
    replace(file, "# nothing")
    assert followed() == ["good"]
    file.unlink()
    assert followed() == ["good"]
    replace(file, "back")
    assert followed() == ["back"]


def test_what_cannot_be_read_at_first_is_told(tmp_path: Path) -> None:
    with pytest.raises(KeyMissing):
        Followed(tmp_path / "transit.pub", read_key_lines)


def test_threads_read_a_changing_file_whole(tmp_path: Path) -> None:
    file = tmp_path / "transit.pub"
    replace(file, "0\n0")
    followed = Followed(file, read_key_lines)
    with ThreadPoolExecutor(8) as pool:
        readers = [pool.submit(lambda: [followed() for _ in range(500)]) for _ in range(8)]
        for number in range(1, 200):
            replace(file, f"{number}\n{number}")
        seen = [value for reader in readers for value in reader.result()]
    assert all(first == second for first, second in seen)
    assert followed() == ["199", "199"]
