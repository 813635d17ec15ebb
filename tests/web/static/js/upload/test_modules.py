"""The upload's modules in Node: a browser reads of files, archives and keys what Python reads (R18, R19)."""

from __future__ import annotations

import json
import re
import shutil
import stat
import subprocess
import zipfile
from pathlib import Path
from typing import Any

import pydicom
from pydicom.uid import DeflatedExplicitVRLittleEndian, ExplicitVRBigEndian, ImplicitVRLittleEndian

import planbank.web
from planbank.deidentify.keys import fingerprint, new_secret
from planbank.demo.patients import make_patient, part10

HERE = Path(__file__).parent
MODULES = Path(planbank.web.__file__).parent / "static" / "js" / "upload"
DATA = bytes(range(256)) * 300


def written(folder: Path) -> dict[str, Any]:
    """Files of every encoding, with the facts that pydicom reads of them."""
    files: dict[str, Any] = {"letter.txt": None, "empty": None}
    (folder / "letter.txt").write_bytes(b"no DICOM" * 40)
    (folder / "empty").write_bytes(b"")
    for ds in make_patient("prostate", seed=5).objects:
        name = f"{ds.Modality}.dcm"
        if name not in files:
            (folder / name).write_bytes(part10(ds))
            files[name] = facts(ds)
    ct = pydicom.dcmread(folder / "CT.dcm", stop_before_pixels=True)
    ct.PatientIdentityRemoved = "YES"
    item = pydicom.Dataset()
    item.CodeValue = "1"
    ct.ProcedureCodeSequence = [item]
    ct["ProcedureCodeSequence"].is_undefined_length = True
    for syntax in (ImplicitVRLittleEndian, ExplicitVRBigEndian, DeflatedExplicitVRLittleEndian):
        fresh = pydicom.Dataset()
        fresh.update(ct)
        fresh.file_meta = pydicom.dataset.FileMetaDataset()
        fresh.file_meta.TransferSyntaxUID = syntax
        how = {"implicit_vr": syntax.is_implicit_VR, "little_endian": syntax.is_little_endian}
        pydicom.dcmwrite(folder / f"{syntax}.dcm", fresh, enforce_file_format=True, **how)
        files[f"{syntax}.dcm"] = facts(ct) | {"removed": "YES", "syntax": str(syntax)}
    files[f"{DeflatedExplicitVRLittleEndian}.dcm"] = {"unread": True}
    return files


def facts(ds: pydicom.Dataset) -> dict[str, Any]:
    return {"modality": ds.Modality, "patientId": ds.PatientID, "unread": False}


def archives(folder: Path) -> dict[str, str]:
    """Good ones, hostile ones, broken ones; returns why each broken one is refused."""
    with zipfile.ZipFile(folder / "good.zip", "w", zipfile.ZIP_DEFLATED) as out:
        out.writestr("one.dcm", DATA)
        out.writestr("in/two.dcm", DATA[::-1], zipfile.ZIP_STORED)
        out.writestr("in/", b"")
    link, locked = zipfile.ZipInfo("link"), zipfile.ZipInfo("encrypted")
    link.external_attr = (stat.S_IFLNK | 0o777) << 16
    with zipfile.ZipFile(folder / "hostile.zip", "w", zipfile.ZIP_DEFLATED) as out:
        out.writestr("../../../../tmp/slipped.dcm", DATA)
        out.writestr(link, "/etc/passwd")
        out.writestr("bomb", bytes(80 << 20))
        out.writestr(locked, DATA)
    whole = bytearray((folder / "hostile.zip").read_bytes())
    at = whole.rindex(b"encrypted") - 46
    whole[at + 8] |= 1
    (folder / "hostile.zip").write_bytes(whole)
    for name, said in (("more.zip", len(DATA) // 2), ("less.zip", len(DATA) * 2)):
        with zipfile.ZipFile(folder / name, "w", zipfile.ZIP_DEFLATED) as out:
            out.writestr("one", DATA)
        whole = bytearray((folder / name).read_bytes())
        at = whole.rindex(b"PK\x01\x02")
        whole[at + 24 : at + 28] = said.to_bytes(4, "little")
        (folder / name).write_bytes(whole)
    with zipfile.ZipFile(folder / "bomb.zip", "w", zipfile.ZIP_DEFLATED) as out:
        for number in range(20):
            out.writestr(f"{number}", bytes(60 << 20))
    good = (folder / "good.zip").read_bytes()
    (folder / "cut.zip").write_bytes(good[:-60])
    (folder / "none.zip").write_bytes(b"PK\x03\x04" + bytes(500))
    return {"cut.zip": "damaged", "none.zip": "damaged", "bomb.zip": "bomb"}


def test_node_reads_what_python_reads(tmp_path: Path) -> None:
    for name in ("upload", "deidentify"):
        shutil.copytree(MODULES.parent / name, tmp_path / name)
    (tmp_path / "package.json").write_text('{"type": "module"}')
    secret = new_secret()
    told = {
        "files": written(tmp_path),
        "cut": "RTPLAN.dcm",
        "broken": archives(tmp_path),
        "good": {"one.dcm": DATA.hex(), "in/two.dcm": DATA[::-1].hex()},
        "key": {"text": f"planbank anonymise key 1\n{secret.hex()}\n", "fingerprint": fingerprint(secret)},
    }
    (tmp_path / "told.json").write_text(json.dumps(told))
    shutil.copy(HERE / "upload.test.js", tmp_path)
    node = shutil.which("node")
    assert node, "nodejs is not installed: `make test` installs it"
    done = subprocess.run([node, "--test", "upload.test.js"], cwd=tmp_path, capture_output=True, text=True)
    wrong = re.findall(r"not ok (?:.*\n){12}", done.stdout)
    assert done.returncode == 0, "\n".join(wrong) or done.stdout + done.stderr
