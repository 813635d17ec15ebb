"""Numbers no patient has: bounded work, no number that means nothing."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from planbank.dicom.dose_grid import read_dose, read_dose_info
from planbank.dicom.encoding import IMPLICIT_LITTLE
from planbank.dose import nesting
from planbank.dose.coverage import MOST_CELLS, cover
from planbank.dose.engine import dvh
from planbank.dose.nesting import border
from planbank.dose.sampling import field_of
from planbank.errors import DicomUnsupported
from tests.dose import phantoms

UNIFORM = phantoms.linear((0, 0, 0), 20.0)


def test_a_contour_in_the_next_town_is_left_out() -> None:
    far = phantoms.circle(5, 3.0, (3e5, 0))
    structure_set = phantoms.opened_structure_set({"a": [phantoms.circle(5, 0.0), far]})
    assert [finding.code for finding in structure_set.findings] == ["contour-unreadable"]
    assert "unreadable" in dvh(structure_set, phantoms.opened_dose(UNIFORM))[0].flags


def test_one_huge_plane_among_small_ones_takes_bounded_cells() -> None:
    square = np.array([[-1, -1], [1, -1], [1, 1], [-1, 1]]) * 90_000.0
    cells = cover(border([square]).edges, (0.2, 0.2))
    assert cells is not None
    assert len(cells.area) <= 1.1 * MOST_CELLS
    assert cells.area.sum() == pytest.approx(180_000.0**2)


def test_planes_far_apart_take_bounded_layers() -> None:
    contours = [phantoms.circle(2, z) for z in (-50_000.0, 0.0, 50_000.0)]
    found = dvh(phantoms.opened_structure_set({"a": contours}), phantoms.opened_dose(UNIFORM))[0]
    assert found.volume_cc == pytest.approx(np.pi * 4 * 150, rel=1e-6)
    assert found.outside_cc == pytest.approx(found.volume_cc, rel=1e-3)


def test_crossings_without_number_are_given_up_with_a_flag(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(nesting, "MOST_CROSSINGS", 20)
    scribble = np.random.default_rng(1).uniform(-10, 10, (60, 3)) * [1, 1, 0]
    found = dvh(phantoms.opened_structure_set({"a": [scribble]}), phantoms.opened_dose(UNIFORM))[0]
    assert found.volume_cc == 0.0
    assert set(found.flags) >= {"crossing", "empty"}


@pytest.mark.parametrize(
    "elements",
    [
        {"PixelSpacing": ["1e-300", "2"]},
        {"PixelSpacing": ["1e300", "2"]},
        {"NumberOfFrames": 2_000_000_000, "GridFrameOffsetVector": None, "SliceThickness": "1"},
        {"Rows": 0},
    ],
)
def test_grids_of_impossible_size_have_no_place(elements: dict[str, Any]) -> None:
    ds = phantoms.make_dose(UNIFORM, extent=(8, 8, 8), **elements)
    info = read_dose_info(phantoms.encode(ds), IMPLICIT_LITTLE)
    assert info.geometry is None
    assert "dose-no-geometry" in [finding.code for finding in info.findings]


def test_doses_of_impossible_height_are_refused() -> None:
    ds = phantoms.make_dose(UNIFORM, extent=(8, 8, 8))
    ds.DoseGridScaling = "1e300"
    with pytest.raises(DicomUnsupported, match="no dose has"):
        read_dose(phantoms.encode(ds), IMPLICIT_LITTLE)


def test_a_relative_dose_is_not_taken_for_gray() -> None:
    dose = phantoms.opened_dose(UNIFORM, DoseUnits="RELATIVE")
    with pytest.raises(DicomUnsupported, match="scale"):
        field_of([dose])
    structure_set = phantoms.opened_structure_set({"a": [phantoms.circle(5, 0), phantoms.circle(5, 3)]})
    assert dvh(structure_set, field_of([dose], [0.5]))[0].mean_gy == pytest.approx(10)


def test_a_line_is_empty() -> None:
    line = np.array([[0, 0, 0], [5, 0, 0], [10, 0, 0]], float)
    found = dvh(phantoms.opened_structure_set({"a": [line]}), phantoms.opened_dose(UNIFORM))[0]
    assert (found.volume_cc, found.mean_gy) == (0.0, None)
    assert "empty" in found.flags
