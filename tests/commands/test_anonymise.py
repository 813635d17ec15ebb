"""`planbank anonymise`: what it writes, what it refuses, what it says (R103, R104, R111)."""

from __future__ import annotations

import os
import signal
import stat
import subprocess
import sys
import time
import zipfile
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from planbank.cli import app
from tests.deidentify import objects, verifier

RUN = CliRunner()
HOSTILE = "..\\..\\Sørensen\n\x1b[31m%s'\";shred"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An invented patient, file names that tell of her."""
    folder = tmp_path_factory.mktemp("in") / "set"
    (folder / "Sørensen^Bodil").mkdir(parents=True)
    for number, ds in enumerate(objects.whole_set()):
        (folder / "Sørensen^Bodil" / f"Bodil {number}").write_bytes(objects.written(ds))
    return folder


def run(*words: object) -> Result:
    return RUN.invoke(app, ["anonymise", *map(str, words)])


def files_in(folder: Path) -> list[verifier.File]:
    return [verifier.read(path.read_bytes()) for path in sorted(folder.rglob("*.dcm"))]


def test_copies_are_written_each_in_its_folder(folder: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    done = run(folder, out, "--copies", 3, "--profile", "audit")
    assert done.exit_code == 0, done.output
    assert [path.name for path in sorted(out.iterdir())] == ["copy-001", "copy-002", "copy-003"]
    sets = [files_in(path) for path in sorted(out.iterdir())]
    assert [len(files) for files in sets] == [7, 7, 7]
    before = [verifier.read(path.read_bytes()) for path in folder.rglob("Bodil *")]
    assert verifier.collisions([before, *sets]) == []
    assert "Bodil" not in done.output and objects.CPR not in done.output
    names = {part for path in out.rglob("*") for part in path.relative_to(out).parts}
    assert all(name.isascii() and "odil" not in name for name in names)


def test_names_that_are_kept_stay_and_others_do_not(folder: Path, tmp_path: Path) -> None:
    words = tmp_path / "names.txt"
    words.write_text("fru sørensen HALS\n", encoding="utf-8")
    for name, options, wanted in (
        ("plain", [], [b"Heart", b"PTV_50", b"ROI 3"]),
        ("kept", ["--keep-names", words], [b"Heart", b"PTV_50", "Fru Sørensen hals".encode("latin-1")]),
    ):
        assert run(folder, tmp_path / name, *options).exit_code == 0
        structure_set = next(
            f for f in files_in(tmp_path / name) if f.one(0x00080060).startswith(b"RTSTRUCT")
        )
        found = [value.data.rstrip() for value in structure_set.values if value.tag == 0x30060026]
        assert found == wanted


def test_the_same_key_gives_the_same_copies(folder: Path, tmp_path: Path) -> None:
    key = tmp_path / "key"
    for out in ("one", "two"):
        assert run(folder, tmp_path / out, "--copies", 2, "--key", key).exit_code == 0
    assert run(folder, tmp_path / "other").exit_code == 0
    assert stat.S_IMODE(key.stat().st_mode) == 0o600
    one, two, other = (
        {path.relative_to(tmp_path / out): path.read_bytes() for path in (tmp_path / out).rglob("*.dcm")}
        for out in ("one", "two", "other")
    )
    assert one == two and not one.keys() & other.keys()


def test_what_cannot_be_made_safe_is_refused_and_told(folder: Path, tmp_path: Path) -> None:
    """Exit code 3, the others whole, no name of file or person in what is said."""
    source = tmp_path / "in"
    source.mkdir()
    (source / "a").write_bytes(objects.written(objects.ct(1)))
    (source / HOSTILE.replace("/", "")).write_text("Bodil Sørensen")
    (source / "link").symlink_to(next(folder.rglob("Bodil 1")))
    os.mkfifo(source / "pipe")
    image = objects.ct(2)
    image.BurnedInAnnotation = "YES"
    (source / "b").write_bytes(objects.written(image))
    done = run(source, tmp_path / "out")
    assert done.exit_code == 3
    assert len(files_in(tmp_path / "out")) == 1
    assert "4 refused" in done.output and "link" in done.output and "burned in" in done.output
    assert not any(word in done.output for word in ("Bodil", "Sørensen", "shred", "\x1b", str(source)))
    again = run(source, tmp_path / "again", "--accept-burned-in", "ct")
    assert again.exit_code == 3 and len(files_in(tmp_path / "again")) == 2


def test_a_zip_archive_is_read_and_its_names_lead_nowhere(folder: Path, tmp_path: Path) -> None:
    """Zip slip, links, encrypted members, a bomb: refused or read under names of ours."""
    archive = tmp_path / "in.zip"
    link = zipfile.ZipInfo("link")
    link.external_attr = (stat.S_IFLNK | 0o777) << 16
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as out:
        out.writestr("../../../../tmp/slipped.dcm", objects.written(objects.ct(1)))
        out.writestr("/etc/slipped.dcm", objects.written(objects.ct(2)))
        out.writestr(link, "/etc/passwd")
        out.writestr("bomb", bytes(80 * 1024 * 1024))
    done = run(archive, tmp_path / "out")
    assert done.exit_code == 3 and "bomb" in done.output and "2 refused" in done.output
    assert {path.name for path in (tmp_path / "out").rglob("*.dcm")} == {"CT-00001.dcm", "CT-00002.dcm"}
    assert not list(tmp_path.rglob("slipped*")) and not Path("/tmp/slipped.dcm").exists()


def test_a_folder_that_holds_something_is_not_touched(folder: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    out.mkdir()
    (out / "mine").write_text("keep")
    result = subprocess.run(
        [sys.executable, "-m", "planbank", "anonymise", folder, out],
        capture_output=True,
        text=True,
        check=False,
    )
    assert result.returncode == 1
    assert result.stderr.strip().endswith(
        "The folder for the copies is not empty. Nothing was changed; name a new one."
    )
    assert [path.name for path in out.iterdir()] == ["mine"]


def test_a_run_that_is_broken_off_leaves_nothing(folder: Path, tmp_path: Path) -> None:
    """Ended while it writes; no bank is needed for any of it."""
    out = tmp_path / "out"
    environment = {"PATH": os.environ["PATH"]}
    command = [sys.executable, "-m", "planbank", "anonymise", str(folder), str(out), "--copies", "9999"]
    with subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL) as process:
        while not list(out.glob(".unfinished/copy-*")):
            assert process.poll() is None
            time.sleep(0.01)
        process.send_signal(signal.SIGTERM)
        assert process.wait(60) == 143
    assert not out.exists()


def test_a_run_that_was_killed_is_begun_anew(folder: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    (out / ".unfinished" / "copy-001").mkdir(parents=True)
    assert run(folder, out).exit_code == 0
    assert [path.name for path in out.iterdir()] == ["copy-001"]


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["nowhere", "out"], "no such file"),
        ([".", "out", "--profile", "none"], "audit, export, foreign"),
        ([".", "out", "--keep-names", "nowhere"], "names to keep"),
        ([".", "inside/out"], "cannot lie inside"),
    ],
)
def test_a_call_that_cannot_be_right_says_why(
    words: list[str], says: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    done = run(*words)
    assert done.exit_code == 1 and says in str(done.exception)
    assert list(tmp_path.iterdir()) == []
