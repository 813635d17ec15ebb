"""How the files of the house look, and what may not lie in the repository."""

from __future__ import annotations

import ast
import re
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
SOURCE = ROOT / "src" / "planbank"
MODULES = sorted(p for p in SOURCE.rglob("*.py") if "migrations" not in p.parts)
# Over 400 lines wants a reason (ARCHITECTURE.md).
LONG = {
    "tests/contract/test_tray.py": "one suite per port",
    "tests/transit/test_folder.py": "one implementation, every fault of a disk",
}
VAGUE = {"util", "utils", "helper", "helpers", "common", "misc", "manager", "managers", "base", "stuff"}


def tracked() -> list[Path]:
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=True).stdout
    return [path for name in listed.decode().split("\0") if name and (path := ROOT / name).is_file()]


def test_no_file_is_too_long_to_read() -> None:
    files = [p for p in tracked() if p.suffix in (".py", ".html", ".js") and "vendor" not in p.parts]
    long = {
        str(p.relative_to(ROOT))
        for p in files
        if "migrations" not in p.parts and len(p.read_text().splitlines()) > 400
    }
    assert long <= set(LONG)


def test_no_module_is_called_by_a_name_that_says_nothing() -> None:
    said = {p: set(re.split(r"[_.]", p.stem)) | set(p.relative_to(SOURCE).parts[:-1]) for p in MODULES}
    assert [str(p) for p, words in said.items() if words & VAGUE] == []


def test_each_module_says_what_it_is() -> None:
    """One docstring; an empty __init__ says nothing and needs nothing."""
    silent = [p for p in MODULES if p.stat().st_size and ast.get_docstring(ast.parse(p.read_bytes())) is None]
    assert silent == []


def test_each_test_says_what_it_proves_by_its_module() -> None:
    files = sorted((ROOT / "tests").rglob("*.py"))
    assert [p for p in files if ast.get_docstring(ast.parse(p.read_bytes())) is None] == []
    assert [p for p in files if p.name == "__init__.py"] == []


def test_no_dicom_file_is_in_the_repository() -> None:
    """Data of others are not ours to commit; invented data are made when they are needed."""
    found = []
    for path in tracked():
        with path.open("rb") as file:
            head = file.read(132)
        if head[128:] == b"DICM" or path.suffix.lower() in (".dcm", ".ima", ".dicom"):
            found.append(path)
    assert found == []


def test_nothing_large_or_secret_is_in_the_repository() -> None:
    for path in tracked():
        assert path.stat().st_size < 1_000_000, path
        assert path.suffix not in (".key", ".pem", ".sign", ".sqlite3"), path
    grep = [
        "git",
        "grep",
        "-lE",
        "AGE-SECRET-KEY-1[0-9A-Z]{20}|BEGIN (RSA |EC |OPENSSH )?PRIVATE KEY-----\\n",
    ]
    assert subprocess.run(grep, cwd=ROOT, capture_output=True, text=True).stdout == ""


def test_nothing_was_merged_by_halves() -> None:
    """Marks of a conflict are text to a template, and text to a reader."""
    grep = ["git", "grep", "-lIE", "^(<{7}|>{7}) "]
    assert subprocess.run(grep, cwd=ROOT, capture_output=True, text=True).stdout == ""


@pytest.mark.parametrize("name", ["requirements.lock", "requirements-dev.lock", "requirements-s3-peer.lock"])
def test_locks_pin_every_version_with_hashes_and_name_no_address(name: str) -> None:
    text = (ROOT / name).read_text()
    assert "://" not in text and "--index-url" not in text and "--find-links" not in text
    packages = re.split(r"\n(?=\S)", text.strip())
    assert len(packages) > 40
    for package in packages:
        if package.startswith("#"):
            continue
        assert re.match(r"[A-Za-z0-9._-]+(\[[a-z,]+\])?==[^ ]+( ;[^\\]*)? \\\n", package), package[:80]
        assert re.findall(r"--hash=sha256:[0-9a-f]{64}", package), package[:80]


def test_everything_a_bank_needs_is_in_the_lock_of_the_bank() -> None:
    """What the project depends on is in both locks, in one version."""
    import tomllib

    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    versions = [
        dict(re.findall(r"^([A-Za-z0-9._-]+)==([^ ]+)", (ROOT / name).read_text(), re.MULTILINE))
        for name in ("requirements.lock", "requirements-dev.lock")
    ]
    for wanted in project["dependencies"]:
        name = re.split(r"[\[<>=]", wanted)[0]
        assert name in versions[0], name
    assert versions[0].items() <= versions[1].items()
