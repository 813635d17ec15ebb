"""Copies: every object of a set, written once for each copy under the identities of that copy.

Comes in: sources, a profile, names to keep, a key. Goes out: folders copy-001, copy-002, ... with a
folder for each patient, and a report. They are made in `.unfinished` and moved when all are whole: a
folder copy-001 that exists is complete. All names are ours.
"""

from __future__ import annotations

import errno
import fcntl
import hashlib
import os
import shutil
from collections import Counter
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from planbank.deidentify.keys import CopyKey
from planbank.deidentify.report import Refusal, Report
from planbank.deidentify.residue import check_residue
from planbank.deidentify.sources import sources
from planbank.deidentify.template import template_of
from planbank.errors import DeidentifyError, DicomError, Refused

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator
    from pathlib import Path

    from planbank.deidentify.profiles import Profile
    from planbank.deidentify.sources import Source
    from planbank.deidentify.template import Template
    from planbank.deidentify.words import Words

UNFINISHED = ".unfinished"
_KINDS = {
    "ct-image": "CT",
    "mr-image": "MR",
    "positron-emission-tomography-image": "PT",
    "rt-structure-set": "RTSTRUCT",
    "rt-plan": "RTPLAN",
    "rt-ion-plan": "RTPLAN",
    "rt-dose": "RTDOSE",
    "rt-image": "RTIMAGE",
    "spatial-registration": "REG",
    "deformable-spatial-registration": "REG",
}


@dataclass(frozen=True, slots=True)
class Order:
    """What is wanted: how many copies, by which rules, under which key."""

    copies: int
    profile: Profile
    words: Words
    secret: bytes
    accept_burned_in: Collection[str] = ()


def make_copies(source: Path, out: Path, order: Order) -> Report:
    """Write the copies of all files behind `source` into the folder `out`.

    A file that cannot be made safe is left out and told in the report; where nothing is left, `out`
    stays as it was. Raises DeidentifyError where no run can be made at all.
    """
    if out.resolve().is_relative_to(source.resolve()):
        raise DeidentifyError("The copies cannot lie inside what is copied. Name another folder.")
    files = sources(source)
    with _workplace(out, sum(file.size for file in files) * order.copies) as place:
        report = Report(order.profile, order.copies)
        keys = [CopyKey(order.secret, number) for number in range(1, order.copies + 1)]
        writer = _Writer(place, keys)
        without_id = [file for file in files if not _copy(file, order, writer, report, wait=True)]
        for file in without_id:
            _copy(file, order, writer, report, wait=False)
        if report.kinds:
            _finish(place, out)
    return report


def _copy(file: Source, order: Order, writer: _Writer, report: Report, *, wait: bool) -> bool:
    """Copy one file, or refuse it. False: it has no patient ID and waits for the others of its study."""
    digest = b""
    try:
        data = file.read()
        digest = hashlib.sha256(data).digest()
        template = template_of(data, order.profile, order.words, order.accept_burned_in)
        if not template.identity.startswith("id"):
            if wait:
                return False
            template = replace(template, identity=writer.studies.get(template.study, template.identity))
        if writer.is_double(template.sop_instance_uid, digest):
            report.doubles += 1
            return True
        first = template.render(writer.keys[0])
        check_residue(data, first, order.words, listed=True)
    except (Refused, DicomError) as exc:
        report.refused.append(Refusal(file.place, digest.hex()[:12], _reason(exc)))
        return True
    writer.write(template, digest, first)
    report.count(template)
    return True


def _reason(exc: Refused | DicomError) -> str:
    return exc.detail or str(exc)


class _Writer:
    """Writes objects into the folders of all copies.

    Attributes:
        studies: the patient's identity by Study Instance UID, of what was written.
    """

    def __init__(self, place: Path, keys: list[CopyKey]) -> None:
        self.keys, self._place = keys, place
        self.studies: dict[str, str] = {}
        self._written: dict[str, bytes] = {}
        self._numbers: Counter[tuple[str, str]] = Counter()
        self._folders: set[Path] = set()

    def is_double(self, uid: str, digest: bytes) -> bool:
        """Whether this very file was copied before. Raises Refused for another one under its UID."""
        known = self._written.get(uid, digest)
        if known != digest:
            raise Refused("Another object with its SOP Instance UID was copied; a UID stands for one object.")
        return uid in self._written

    def write(self, template: Template, digest: bytes, first: bytes) -> None:
        """Write one object into every copy; `first` is that of the first key."""
        self._written[template.sop_instance_uid] = digest
        self.studies.setdefault(template.study, template.identity)
        kind = _KINDS.get(template.iod, "OTHER")
        self._numbers[template.identity, kind] += 1
        name = f"{kind}-{self._numbers[template.identity, kind]:05d}.dcm"
        for key in self.keys:
            folder = self._place / f"copy-{key.number:03d}" / key.patient(template.identity).patient_id
            if folder not in self._folders:
                folder.mkdir(parents=True, exist_ok=True)
                self._folders.add(folder)
            with (folder / name).open("xb") as file:
                file.write(first if key is self.keys[0] else template.render(key))


@contextmanager
def _workplace(out: Path, size: int) -> Iterator[Path]:
    """The folder in which copies are made; gone afterwards, however it ends."""
    place = out / UNFINISHED
    try:
        out.mkdir(parents=True, exist_ok=True)
        if any(entry.name != UNFINISHED for entry in out.iterdir()):
            raise DeidentifyError(
                "The folder for the copies is not empty. Nothing was changed; name a new one."
            )
        if shutil.disk_usage(out).free < size:
            raise DeidentifyError(f"The copies need about {size / 1e9:.1f} GB; there is not so much room.")
        with _only_one(out):
            _remove(place)
            place.mkdir(mode=0o700)
            try:
                yield place
            finally:
                _remove(place)
    except OSError as exc:
        words = "The disk is full" if exc.errno == errno.ENOSPC else exc.strerror
        raise DeidentifyError(f"The copies cannot be written: {words}. Nothing was left behind.") from exc
    finally:
        _remove_if_empty(out)


@contextmanager
def _only_one(out: Path) -> Iterator[None]:
    """Two runs into one folder would remove each other's work."""
    handle = os.open(out, os.O_RDONLY)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        yield
    except BlockingIOError as exc:
        raise DeidentifyError("Another run is writing into this folder.") from exc
    finally:
        os.close(handle)


def _finish(place: Path, out: Path) -> None:
    for folder in sorted(place.iterdir()):
        folder.rename(out / folder.name)


def _remove(place: Path) -> None:
    if place.exists():
        shutil.rmtree(place)


def _remove_if_empty(out: Path) -> None:
    """A run of which nothing came leaves no empty folder."""
    if out.is_dir() and not any(out.iterdir()):
        out.rmdir()
