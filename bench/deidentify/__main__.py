"""One command: see the package's docstring."""

from __future__ import annotations

import argparse
import resource
import secrets
import tempfile
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from planbank.deidentify.copies import Order, make_copies
from planbank.deidentify.keys import KEY_BYTES
from planbank.deidentify.profiles import profile_named
from planbank.deidentify.words import Words
from tests.deidentify.verifier import File, collisions, leaks, lint, read

# What an object says of people and places: names, numbers, dates of birth, institutions, machines.
TELLING = (
    *(0x00080050, 0x00080080, 0x00080081, 0x00080090, 0x00081010, 0x00081040, 0x00081048, 0x00081050),
    *(0x00081070, 0x00100010, 0x00100020, 0x00100030, 0x00101000, 0x00181000, 0x300E0008),
)
REFERENCED = 0x00081155  # Referenced SOP Instance UID
PIXELS = 0x7FE00010
LEAST = 5  # letters: shorter ones stand in other words by chance


def main() -> None:
    """Make the copies, time them, look at every byte of them."""
    parser = argparse.ArgumentParser(prog="python -m bench.deidentify", description=__doc__)
    parser.add_argument("folder", type=Path, help="DICOM files of one patient or several")
    parser.add_argument("--copies", type=int, default=100)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as place:
        out = Path(place) / "copies"
        order = Order(given.copies, profile_named("audit"), Words(), secrets.token_bytes(KEY_BYTES))
        begun = _cpu()
        report = make_copies(given.folder, out, order)
        spent = _cpu() - begun
        folders = sorted(out.iterdir())
        files = sum(report.kinds.values()) * given.copies
        print(f"{'copies':24} {given.copies}")
        print(f"{'files':24} {files} ({len(report.refused)} refused, {report.doubles} doubles)")
        print(f"{'processor time':24} {spent:.1f} s, {files / spent:.0f} files/s a core")
        for name, value in _judged(_files(given.folder), folders):
            print(f"{name:24} {value}")


def _judged(originals: list[File], folders: list[Path]) -> Iterator[tuple[str, int]]:
    canaries = set(_telling(originals))
    found = stumbles = loose = 0
    sets = [[_identities(file) for file in originals]]
    for folder in folders:
        copy = _files(folder)
        found += len(leaks(map(_without_pixels, copy), canaries))
        stumbles += sum(len(lint(file)) for file in copy)
        loose += abs(_loose(copy) - _loose(originals))
        sets.append([_identities(file) for file in copy])
    yield "canaries looked for", len(canaries)
    yield "leaks", found
    yield "dangling references", loose
    yield "shared identities", len(collisions(sets))
    yield "lint", stumbles


def _telling(files: list[File]) -> Iterator[str]:
    """Words of the originals that no copy may hold."""
    for file in files:
        for value in file.values:
            if value.tag in TELLING:
                words = value.data.decode("latin-1").replace("^", "\\").split("\\")
                yield from (word for word in map(_plain, words) if len(word) >= LEAST)


def _identities(file: File) -> File:
    """What must be its copy's alone: a hundred copies are not held whole."""
    values = [value for value in file.values if value.vr == "UI" or value.tag in (0x00100010, 0x00100020)]
    return replace(file, raw=b"", data=b"", values=values)


def _without_pixels(file: File) -> File:
    """Its words alone: pixels are the original's, and five grey values of tissue can spell a name."""
    words = b"\0".join(value.data for value in file.values if value.tag != PIXELS)
    return replace(file, data=words)


def _plain(word: str) -> str:
    return word.strip(" \0")


def _loose(files: list[File]) -> int:
    """References to objects that are not in the set; as many as came may stay, and none more."""
    there = {file.uid for file in files}
    values = (value for file in files for value in file.values if value.tag == REFERENCED)
    return sum(uid not in there for value in values for uid in value.uids)


def _files(folder: Path) -> list[File]:
    return [read(path.read_bytes()) for path in sorted(folder.rglob("*")) if path.is_file()]


def _cpu() -> float:
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


if __name__ == "__main__":
    main()
