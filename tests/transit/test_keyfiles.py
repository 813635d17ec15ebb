"""Key files are read line by line; what is wrong is told with the file's name."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from planbank.errors import KeyMissing
from planbank.transit.keyfiles import read_key_file, read_key_lines

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
