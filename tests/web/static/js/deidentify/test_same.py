"""The browser's copies are those of `planbank anonymise`, byte for byte, or none is made (R19).

What Node makes of a file under a key is compared with what Python makes of it: phantoms with canaries in
every attribute, patients of the demonstration, real sets.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import tarfile
from collections import Counter
from pathlib import Path

import pytest
from pydicom.encaps import encapsulate
from pydicom.uid import DeflatedExplicitVRLittleEndian, ExplicitVRBigEndian, JPEGBaseline8Bit

import planbank.web
from planbank.deidentify.browser import tables
from planbank.deidentify.keys import CopyKey
from planbank.deidentify.profiles import PROFILES
from planbank.deidentify.recheck import doubts
from planbank.deidentify.template import template_of
from planbank.deidentify.words import Words
from planbank.demo.patients import make_patient, part10
from planbank.dicom.encoding import split_file
from planbank.dicom.headers import scan
from planbank.errors import DicomError, Refused
from tests.deidentify.objects import ct, structure_set, whole_set, written
from tests.deidentify.planting import file_with_canaries, planted

HERE = Path(__file__).parent
MODULES = Path(planbank.web.__file__).parent / "static" / "js" / "deidentify"
PROFILE = PROFILES["foreign"]
SECRET = bytes(range(7, 39))
OF_THE_COMMAND_ALONE = (DeflatedExplicitVRLittleEndian, ExplicitVRBigEndian)


def copies(folder: Path, files: dict[str, bytes]) -> dict[str, bytes | str]:
    """What Node makes of files: bytes, or why not."""
    node = shutil.which("node")
    assert node, "nodejs is not installed: `make test` installs it"
    shutil.copytree(MODULES, folder / "deidentify")
    shutil.copy(HERE / "copy.mjs", folder)
    (folder / "package.json").write_text('{"type": "module"}')
    (folder / "tables.json").write_text(json.dumps(tables(PROFILE)))
    (folder / "key").write_text(f"planbank anonymise key 1\n{SECRET.hex()}\n")
    (folder / "in").mkdir()
    for name, data in files.items():
        (folder / "in" / name).write_bytes(data)
    said = [node, "copy.mjs", "tables.json", "key", "in", "out"]
    done = subprocess.run(said, cwd=folder, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    made = {file.name: file.read_bytes() for file in (folder / "out").iterdir()}
    whole: dict[str, bytes | str] = {
        name: data for name, data in made.items() if not name.endswith(".refused")
    }
    refused = {name: data for name, data in made.items() if name.endswith(".refused")}
    return whole | {name.removesuffix(".refused"): data.decode() for name, data in refused.items()}


def by_python(data: bytes) -> bytes | None:
    try:
        return template_of(data, PROFILE, Words()).render(CopyKey(SECRET, 1))
    except (Refused, DicomError):
        return None


def compared(folder: Path, files: dict[str, bytes]) -> Counter[str]:
    """How many were the same and how many both refused; anything else fails."""
    found, count = copies(folder, files), Counter[str]()
    assert set(found) == set(files)
    for name, data in files.items():
        mine, theirs = by_python(data), found[name]
        if mine is None:
            assert isinstance(theirs, str), f"{name}: Python refuses it, the browser does not"
            count["refused"] += 1
        else:
            assert theirs == mine, f"{name}: {theirs if isinstance(theirs, str) else 'other bytes'}"
            assert not doubts(mine, PROFILE, Words())
            count["same"] += 1
    return count


@pytest.mark.parametrize("syntax", ["1.2.840.10008.1.2", "1.2.840.10008.1.2.1"])
def test_canaries_in_every_attribute(tmp_path: Path, syntax: str) -> None:
    files = {f"{n}.dcm": file_with_canaries(planted(ds), syntax) for n, ds in enumerate(whole_set())}
    files |= {f"plain-{n}.dcm": written(ds, syntax) for n, ds in enumerate(whole_set())}
    assert compared(tmp_path, files)["same"] == len(files)


ALPHABETS = (
    ("ISO_IR 100", "Sørensen^Åse", "Øje dxt"),
    ("ISO_IR 192", "Ильин^Иван", "Глаз"),
    (None, "Holm", "Heart"),
)


def jpeg(words: bytes) -> bytes:
    """Segments of a JPEG stream as far as they are looked at: a comment, a scan, an end."""
    comment = b"\xff\xfe" + (len(words) + 2).to_bytes(2) + words
    return b"\xff\xd8" + comment + b"\xff\xda\x00\x02pixels\xff\xd9"


def test_what_lies_in_odd_places(tmp_path: Path) -> None:
    """Comments in compressed pixels, sequences of unknown representation, other alphabets, no patient ID."""
    compressed = ct(1)
    compressed.PixelData = encapsulate([jpeg(b"Hansen was here "), jpeg(b"")])
    compressed["PixelData"].is_undefined_length = True
    compressed["PixelData"].VR = "OB"
    files = {"jpeg": written(compressed, JPEGBaseline8Bit)}
    for number, ds in enumerate(whole_set()):
        files[f"unknown-{number}"] = written(planted(ds, as_unknown=True))
    for place, (declared, name, roi) in enumerate(ALPHABETS):
        ds = structure_set()
        ds.SpecificCharacterSet = declared
        ds.PatientName = name
        for item in ds.StructureSetROISequence:
            item.ROIName = roi
        files[f"alphabet-{place}"] = written(ds)
        del ds.PatientID
        files[f"nobody-{place}"] = written(ds)
    cyrillic = structure_set()
    cyrillic.SpecificCharacterSet = "ISO_IR 144"
    cyrillic.PatientName = "Ильин^Иван"
    for item in cyrillic.StructureSetROISequence:
        item.ROIName = "Heart"
    files["its ID is plain"] = written(cyrillic)
    assert compared(tmp_path, files)["same"] == len(files)
    assert b"Hansen" not in (tmp_path / "out" / "jpeg").read_bytes()


def test_patients_of_the_demonstration(tmp_path: Path) -> None:
    found: dict[str, bytes] = {}
    for site in ("prostate", "breast", "head-and-neck"):
        for number, ds in enumerate(make_patient(site, seed=11).objects):
            if ds.Modality != "CT" or number < 3:
                found[f"{site}-{number}.dcm"] = part10(ds)
    assert compared(tmp_path, found)["same"] == len(found)


def test_real_sets(tmp_path: Path, shared_data: Path) -> None:
    found: dict[str, bytes] = {}
    for archive in sorted(shared_data.glob("*.tar.xz")):
        kinds: Counter[str] = Counter()
        with tarfile.open(archive) as tar:
            for number, member in enumerate(tar):
                stream = tar.extractfile(member) if member.isfile() else None
                data = stream.read() if stream else b""
                try:
                    syntax, body = split_file(data)
                    kind = scan(bytes(body), syntax).modality
                except DicomError:
                    continue
                kinds[kind] += 1
                if kinds[kind] <= 2:
                    found[f"{archive.name[:6]}-{number}"] = data
    count = compared(tmp_path, found)
    assert count["same"] > 25
    assert count["refused"] < 4


def test_what_a_browser_does_not_read_is_left_to_the_command(tmp_path: Path) -> None:
    """And nothing else of it: broken files are refused by both."""
    one = next(iter(whole_set()))
    files = {f"{n}.dcm": written(one, syntax) for n, syntax in enumerate(OF_THE_COMMAND_ALONE)}
    whole = written(one, "1.2.840.10008.1.2.1")
    broken = {f"cut-{n}": whole[:n] for n in (100, 140, 300, len(whole) // 2, len(whole) - 3)}
    strange = {"letter": b"Dear colleague" * 40, "empty": b"", "twice": whole + whole[-12:]}
    found = copies(tmp_path, files | broken | strange)
    assert all(isinstance(said, str) for said in found.values()), found
    assert all("planbank anonymise" in str(found[name]) for name in files)
