"""The sealed file: whole or not there, and for nobody without a key."""

from __future__ import annotations

from pathlib import Path

import pyrage
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from planbank.commands.rebuild.file import opened, sealed
from planbank.errors import ExportError

KEY, OTHER = pyrage.x25519.Identity.generate(), pyrage.x25519.Identity.generate()
PUBLIC, SECRET = [str(KEY.to_public()), str(OTHER.to_public())], [str(KEY)]
SECRET_LINE = b"the name of a person\n"


def write(path: Path, lines: list[bytes]) -> None:
    with sealed(path, PUBLIC) as out:
        for line in lines:
            out.write(line)


@settings(max_examples=15)
@given(lines=st.lists(st.binary(max_size=300).map(lambda b: b.replace(b"\n", b"") + b"\n"), max_size=40))
def test_what_goes_in_comes_out(tmp_path_factory: pytest.TempPathFactory, lines: list[bytes]) -> None:
    path = tmp_path_factory.mktemp("export") / "settings"
    write(path, lines)
    for secret in (SECRET, [str(OTHER)]):
        with opened(path, secret) as found:
            assert list(found) == lines


def test_much_goes_through(tmp_path: Path) -> None:
    """More than a pipe, a chunk of age or a block of gzip holds."""
    lines = [bytes(f"{n:07d} {n * 7919 % 1000003}\n", "ascii") for n in range(200_000)]
    write(tmp_path / "settings", lines)
    with opened(tmp_path / "settings", SECRET) as found:
        assert list(found) == lines
    assert (tmp_path / "settings").stat().st_mode & 0o777 == 0o600


def test_it_is_sealed_and_only_for_the_keys_of_the_bank(tmp_path: Path) -> None:
    write(tmp_path / "settings", [SECRET_LINE * 50])
    assert SECRET_LINE.strip() not in (tmp_path / "settings").read_bytes()
    stranger = str(pyrage.x25519.Identity.generate())
    with (
        pytest.raises(ExportError, match="keys of this home"),
        opened(tmp_path / "settings", [stranger]) as f,
    ):
        f.read()


@pytest.mark.parametrize("cut", [10, 150, -40])
def test_what_is_cut_short_or_changed_is_refused(tmp_path: Path, cut: int) -> None:
    path = tmp_path / "settings"
    write(path, [bytes(f"{n * 7919 % 1000003}\n", "ascii") for n in range(40_000)])
    whole = path.read_bytes()
    path.write_bytes(whole[:cut])
    with pytest.raises(ExportError), opened(path, SECRET) as found:
        found.read()
    path.write_bytes(whole[:5000] + bytes([whole[5000] ^ 1]) + whole[5001:])
    with pytest.raises(ExportError), opened(path, SECRET) as found:
        found.read()


def test_a_file_that_is_there_is_not_touched(tmp_path: Path) -> None:
    path = tmp_path / "settings"
    path.write_bytes(b"something else")
    with pytest.raises(ExportError, match="was not touched"):
        write(path, [])
    assert path.read_bytes() == b"something else"


def test_what_fails_leaves_nothing(tmp_path: Path) -> None:
    with pytest.raises(ZeroDivisionError), sealed(tmp_path / "settings", PUBLIC) as out:
        out.write(b"half\n")
        1 / 0  # noqa: B018
    assert list(tmp_path.iterdir()) == []


def test_no_file_is_said_so(tmp_path: Path) -> None:
    with pytest.raises(ExportError, match="There is no file"), opened(tmp_path / "none", SECRET):
        pass
