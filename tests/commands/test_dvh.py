"""`planbank dvh` as people and scripts call it."""

from __future__ import annotations

import csv
import io
import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import ImplicitVRLittleEndian

from planbank.commands.dvh import dvh_files
from planbank.dicom import uids
from tests.dicom import sets
from tests.dose import phantoms

CACHE = Path(os.environ["NUMBA_CACHE_DIR"])


def save(ds: Dataset, path: Path) -> Path:
    ds.file_meta = FileMetaDataset()
    ds.file_meta.TransferSyntaxUID = ImplicitVRLittleEndian
    ds.save_as(path, enforce_file_format=True)
    return path


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    cylinder = [phantoms.circle(12, z) for z in np.arange(-12, 13, 3.0)]
    structure_set = phantoms.make_structure_set(
        {"Hjerte": cylinder, "tom": []}, interpreted={"Hjerte": "ORGAN"}
    )
    save(structure_set, tmp_path / "rs.dcm")
    save(phantoms.make_dose(phantoms.linear((1, 0, 0))), tmp_path / "rd.dcm")
    (tmp_path / "notes.txt").write_text("no DICOM")
    return tmp_path


def run(paths: list[Path], metrics: str = "", **kwargs: object) -> tuple[int, str]:
    out = io.StringIO()
    csv_path = kwargs.get("csv_path")
    as_json = bool(kwargs.get("as_json"))
    code = dvh_files(paths, metrics, csv_path, as_json, out, cache_dir=CACHE)  # type: ignore[arg-type]
    return code, out.getvalue()


def test_json_is_as_promised(folder: Path) -> None:
    code, text = run([folder], "Dmean,D95%,D20cc,V30Gy[cc]", as_json=True)
    heart, empty = json.loads(text)
    assert code == 0
    assert list(heart) == [
        *(
            "number",
            "name",
            "dose",
            "volume_cc",
            "outside_cc",
            "min_gy",
            "mean_gy",
            "max_gy",
            "metrics",
            "flags",
        )
    ]
    assert heart["name"] == "Hjerte"
    assert len(heart["dose"]) == 1
    assert heart["volume_cc"] == pytest.approx(np.pi * 144 * 27 / 1000, abs=1e-4)
    assert list(heart["metrics"]) == ["Dmean", "D95%", "D20cc", "V30Gy[cc]"]
    assert heart["metrics"]["Dmean"] == pytest.approx(30, abs=0.001)
    assert heart["metrics"]["D20cc"] is None
    assert empty["flags"] == ["empty"]
    assert empty["mean_gy"] is None
    assert set(empty["metrics"].values()) == {None}


def test_table_and_csv(folder: Path, tmp_path: Path) -> None:
    target = tmp_path / "out.csv"
    code, text = run([folder / "rs.dcm", folder / "rd.dcm"], "D95%", csv_path=target)
    assert (code, text) == (0, "")
    rows = list(csv.DictReader(io.StringIO(target.read_text(encoding="utf-8"))))
    assert [row["name"] for row in rows] == ["Hjerte", "tom"]
    assert float(rows[0]["D95%"]) == pytest.approx(21, abs=3)
    assert rows[1]["D95%"] == ""
    code, text = run([folder], "D95%")
    assert code == 0
    assert "Hjerte" in text and "D95% Gy" in text


def test_several_plan_doses_are_listed_one_after_the_other(folder: Path) -> None:
    save(phantoms.make_dose(phantoms.linear((0, 0, 0), 10)), folder / "rd2.dcm")
    _, text = run([folder], "Dmean", as_json=True)
    rows = json.loads(text)
    assert sorted(row["metrics"]["Dmean"] for row in rows if row["name"] == "Hjerte") == pytest.approx(
        [10, 30], abs=0.001
    )
    assert len({tuple(row["dose"]) for row in rows}) == 2


def beam_dose(plan: str, number: int, base: float) -> Dataset:
    item, group, reference = Dataset(), Dataset(), Dataset()
    reference.ReferencedBeamNumber = number
    group.ReferencedFractionGroupNumber, group.ReferencedBeamSequence = 1, [reference]
    item.ReferencedSOPClassUID, item.ReferencedSOPInstanceUID = uids.RT_PLAN, plan
    item.ReferencedFractionGroupSequence = [group]
    return phantoms.make_dose(
        phantoms.linear((0, 0, 0), base), DoseSummationType="BEAM", ReferencedRTPlanSequence=[item]
    )


def two_beam_plan() -> Dataset:
    ds, group = Dataset(), Dataset()
    ds.SOPClassUID, ds.SOPInstanceUID, ds.Modality = uids.RT_PLAN, "1.2.77", "RTPLAN"
    group.FractionGroupNumber, group.NumberOfFractionsPlanned = 1, 1
    group.ReferencedBeamSequence, ds.BeamSequence = [], []
    for number in (1, 2):
        reference, beam = Dataset(), Dataset()
        reference.ReferencedBeamNumber = beam.BeamNumber = number
        group.ReferencedBeamSequence.append(reference)
        ds.BeamSequence.append(beam)
    ds.FractionGroupSequence = [group]
    return ds


def test_beams_are_added_when_all_are_there(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (folder / "rd.dcm").unlink()
    save(two_beam_plan(), folder / "rp.dcm")
    save(beam_dose("1.2.77", 1, 12.0), folder / "b1.dcm")
    code, text = run([folder], as_json=True)
    assert (code, text) == (1, "")
    assert "waiting for beam 2" in capsys.readouterr().err
    save(beam_dose("1.2.77", 2, 8.0), folder / "b2.dcm")
    code, text = run([folder], as_json=True)
    assert code == 0
    heart = json.loads(text)[0]
    assert heart["mean_gy"] == pytest.approx(20, abs=0.001)
    assert len(heart["dose"]) == 2


@pytest.mark.parametrize(
    ("names", "metrics", "code", "says"),
    [
        (["rs.dcm"], "", 1, "no RTDOSE"),
        (["rd.dcm"], "", 1, "no RTSTRUCT"),
        (["rs.dcm", "notes.txt"], "", 1, "notes.txt"),
        (["rs.dcm", "nowhere"], "", 2, "nowhere"),
        (["rs.dcm", "rd.dcm"], "D95", 2, "D95% or D95cc"),
        ([], "", 2, "Name files"),
    ],
)
def test_errors_are_told_on_standard_error(
    folder: Path, capsys: pytest.CaptureFixture[str], names: list[str], metrics: str, code: int, says: str
) -> None:
    assert run([folder / name for name in names], metrics, as_json=True) == (code, "")
    assert says in capsys.readouterr().err


def test_a_second_structure_set_needs_its_plan(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    other = phantoms.make_structure_set({"x": [phantoms.circle(3, 0)]})
    save(other, folder / "rs2.dcm")
    assert run([folder])[0] == 1
    assert "2 RTSTRUCTs" in capsys.readouterr().err
    plan, reference = two_beam_plan(), Dataset()
    reference.ReferencedSOPClassUID = uids.RT_STRUCTURE_SET
    reference.ReferencedSOPInstanceUID = other.SOPInstanceUID
    plan.ReferencedStructureSetSequence = [reference]
    save(plan, folder / "rp.dcm")
    code, text = run([folder], as_json=True)
    assert code == 0
    assert [row["name"] for row in json.loads(text)] == ["x"]


def test_no_server_code_is_loaded(folder: Path) -> None:
    """The command works where there is neither database nor settings."""
    script = (
        "import sys\nfrom pathlib import Path\nfrom planbank.commands.dvh import dvh_files\n"
        f"folder, cache = Path({str(folder)!r}), Path({str(CACHE)!r})\n"
        "code = dvh_files([folder], 'Dmean', None, True, sys.stdout, cache_dir=cache)\n"
        "loaded = {name.split('.')[0] for name in sys.modules}\n"
        "assert code == 0 and not loaded & {'django', 'psycopg', 'procrastinate', 'pydantic'}, loaded\n"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert len(json.loads(done.stdout)) == 2


def test_a_real_folder(shared_data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for name, data in sets.files(shared_data / "alderson-pelvis-vmat-raystation.tar.xz", "/R").items():
        (tmp_path / Path(name).name).write_bytes(data)
    code, text = run([tmp_path], "Dmean,V95%", as_json=True)
    rows = json.loads(text)
    assert code == 0
    assert len(rows) == 6
    assert {tuple(row["dose"]) for row in rows} == {("1.2.752.243.1.1.20251104150801227.3300.46671",)}
    assert "The dose of the whole plan is there." in capsys.readouterr().err


def test_derived_structures_of_the_command_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    heights = np.arange(-12, 13, 3.0)
    rois = {
        "Lung_L": [phantoms.circle(10, z, (15, 0)) for z in heights],
        "Lung_R": [phantoms.circle(10, z, (-15, 0)) for z in heights],
    }
    save(phantoms.make_structure_set(rois), tmp_path / "rs.dcm")
    save(phantoms.make_dose(phantoms.linear((1, 0, 0))), tmp_path / "rd.dcm")
    wanted = {"derive": ["Lungs = Lung_L + Lung_R", "Near = ipsi(Lung)"], "laterality": "left"}
    out = io.StringIO()
    assert dvh_files([tmp_path], "Dmean", None, True, out, cache_dir=CACHE, **wanted) == 0  # type: ignore[arg-type]
    lungs, near = json.loads(out.getvalue())[2:]
    assert (lungs["number"], lungs["expression"]) == (0, "Lung_L + Lung_R")
    assert lungs["volume_cc"] == pytest.approx(2 * np.pi * 100 * 27 / 1000, rel=1e-5)
    assert near["metrics"]["Dmean"] == pytest.approx(45, abs=0.01)
    for wrong, says in (
        ("Lungs", "no definition"),
        ("A = Lung_X - Lung_L", "There is no structure 'Lung_X'"),
    ):
        assert dvh_files([tmp_path], "", None, True, io.StringIO(), cache_dir=CACHE, derive=[wrong]) == 2
        assert says in capsys.readouterr().err
    assert dvh_files([tmp_path], "", None, True, io.StringIO(), cache_dir=CACHE, laterality="up") == 2


def test_a_name_never_becomes_a_formula(tmp_path: Path) -> None:
    body = [phantoms.circle(10, z) for z in np.arange(-12, 13, 3.0)]
    save(phantoms.make_structure_set({"=1+1": body, "-PTV": body, "PTV": body}), tmp_path / "rs.dcm")
    save(phantoms.make_dose(phantoms.linear((0, 0, 0))), tmp_path / "rd.dcm")
    target = tmp_path / "out.csv"
    assert dvh_files([tmp_path], "", target, False, io.StringIO(), cache_dir=CACHE) == 0
    names = [row["name"] for row in csv.DictReader(io.StringIO(target.read_text(), newline=""))]
    assert names == ["'=1+1", "'-PTV", "PTV"]
