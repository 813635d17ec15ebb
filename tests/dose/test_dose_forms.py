"""Doses in every form: the same DVH, or a reason why there is none (dose.md, method 8 to 10; R75)."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from pydicom.dataset import Dataset

from planbank.dicom.dose_grid import read_dose, read_dose_info
from planbank.dicom.encoding import IMPLICIT_LITTLE
from planbank.dose import dvh as notebook
from planbank.dose.choice import GroupFacts, PlanFacts, choose, dose_facts
from planbank.dose.engine import Dvh, dvh
from planbank.dose.metrics import evaluate
from planbank.dose.sampling import field_of
from planbank.errors import DicomUnsupported
from tests.dose import phantoms
from tests.dose.phantoms import linear, opened_dose, opened_structure_set

AT = linear((0.5, 0.3, -0.2))
HEIGHTS = np.arange(-12, 13, 3.0)


def structures() -> Any:
    return opened_structure_set({"a": [phantoms.circle(9, z, (4, -3)) for z in HEIGHTS]})


def of(ds: Dataset, **how: Any) -> Dvh:
    return dvh(structures(), read_dose(phantoms.encode(ds), IMPLICIT_LITTLE), **how)[0]


def same(found: Dvh, truth: Dvh, within: float = 0.01) -> None:
    assert found.volume_cc == pytest.approx(truth.volume_cc, rel=1e-3)
    for metric in ("Dmean", "D95%", "D50%", "D2%"):
        one, other = evaluate(metric, found).value, evaluate(metric, truth).value
        assert one == pytest.approx(other, abs=within), metric


@pytest.mark.parametrize(("bits", "within"), [(8, 0.15), (16, 0.01), (32, 0.01)])
def test_words_of_any_width(bits: int, within: float) -> None:
    scaling = {8: 0.25, 16: 0.001, 32: 1e-6}[bits]
    same(of(phantoms.make_dose(AT, bits=bits, scaling=scaling)), of(phantoms.make_dose(AT)), within)


@pytest.mark.parametrize("offsets", ["relative", "absolute", "descending"])
def test_frame_offsets_of_any_kind(offsets: str) -> None:
    same(of(phantoms.make_dose(AT, offsets=offsets, shift=(0, 0, 0.7))), of(phantoms.make_dose(AT)))


def reordered(order: list[int]) -> Dataset:
    """The frames in another order, each with its own offset."""
    ds = phantoms.make_dose(AT)
    frames = np.frombuffer(ds.PixelData, "<u4").reshape(ds.NumberOfFrames, ds.Rows, ds.Columns)
    ds.PixelData = frames[order].tobytes()
    given = [float(ds.GridFrameOffsetVector[i]) for i in order]
    x, y, z = (float(v) for v in ds.ImagePositionPatient)
    ds.ImagePositionPatient = [phantoms.text(v) for v in (x, y, z + given[0])]
    ds.NumberOfFrames = len(order)
    ds.GridFrameOffsetVector = [phantoms.text(v - given[0]) for v in given]
    return ds


def test_frames_in_no_order_are_put_in_order_and_told() -> None:
    order = list(range(31))
    order[3], order[20], order[8] = 20, 8, 3
    ds = reordered(order)
    same(of(ds), of(phantoms.make_dose(AT)))
    info = read_dose_info(phantoms.encode(ds), IMPLICIT_LITTLE)
    assert "dose-frames-unordered" in [finding.code for finding in info.findings]
    tidy = read_dose_info(phantoms.encode(phantoms.make_dose(AT, offsets="descending")), IMPLICIT_LITTLE)
    assert "dose-frames-unordered" not in [finding.code for finding in tidy.findings]


def test_frames_at_uneven_distances() -> None:
    """Planes left out here and there: the dose is linear, so nothing is lost."""
    same(
        of(reordered([0, 1, 2, 5, 6, 9, 10, 11, 14, 18, 19, 20, 23, 24, 27, 30])), of(phantoms.make_dose(AT))
    )


def test_two_frames_at_one_place_are_refused_with_a_reason() -> None:
    ds = phantoms.make_dose(AT)
    ds.GridFrameOffsetVector = [*ds.GridFrameOffsetVector[:-1], ds.GridFrameOffsetVector[-2]]
    with pytest.raises(DicomUnsupported, match="does not say where"):
        of(ds)


def test_a_dose_of_one_frame_covers_its_own_plane_only() -> None:
    ds = phantoms.make_dose(AT, extent=(60, 60, 0))
    found = of(ds, end_caps="slab")
    assert 0.0 < found.volume_cc - found.outside_cc < 0.2 * found.volume_cc
    assert found.mean_gy == pytest.approx(30 + 0.5 * 4 - 0.3 * 3, abs=0.05)
    assert "partly-outside" in found.flags


def test_a_single_frame_dose_without_offsets_or_frame_count() -> None:
    ds = phantoms.make_dose(AT, extent=(60, 60, 0))
    del ds.NumberOfFrames
    assert read_dose(phantoms.encode(ds), IMPLICIT_LITTLE).values.shape == (1, 31, 31)


def test_negative_doses_count_as_none_and_are_told() -> None:
    """Differences stored as a dose: below 0 Gy there is no dose, and the volume is kept."""
    ds = phantoms.make_dose(linear((1, 0, 0), 0.0), scaling=0.001, bits=32)
    wide = phantoms.make_dose(linear((1, 0, 0), 100.0), scaling=0.001, bits=32)
    stored = np.frombuffer(wide.PixelData, "<i4") - 100_000
    ds.PixelData, ds.PixelRepresentation = stored.astype("<i4").tobytes(), 1
    found = of(ds)
    assert found.curve[0] == pytest.approx(found.volume_cc)
    info = read_dose(phantoms.encode(ds), IMPLICIT_LITTLE)
    assert info.values.min() < 0
    assert evaluate("V5Gy[cc]", found).value == pytest.approx(
        evaluate("V5Gy[cc]", of(phantoms.make_dose(linear((1, 0, 0), 0.0)))).value, rel=0.01
    )


def test_an_error_dose_is_no_dose() -> None:
    ds = phantoms.make_dose(AT, DoseType="ERROR")
    decision = choose(
        PlanFacts("1.1", ()), [dose_facts(read_dose_info(phantoms.encode(ds), IMPLICIT_LITTLE))]
    )
    assert decision.choices == ()
    assert "dose error" in decision.passed[0][1]


def test_without_scaling_there_is_no_dose_and_a_finding() -> None:
    ds = phantoms.make_dose(AT)
    del ds.DoseGridScaling
    info = read_dose_info(phantoms.encode(ds), IMPLICIT_LITTLE)
    assert "dose-no-scaling" in [finding.code for finding in info.findings]
    with pytest.raises(DicomUnsupported, match="scaling"):
        of(ds)


@pytest.mark.parametrize(("scaling", "whole"), [(1e-6, 1.0), (1e-4, 100.0)])
def test_relative_doses_take_the_prescription(scaling: float, whole: float) -> None:
    """1.0 or 100 is the prescription of 60 Gy; without one there is no DVH."""
    ds = phantoms.make_dose(lambda p: AT(p) * whole / 60, DoseUnits="RELATIVE", scaling=scaling)
    (found,) = notebook(structures(), ds, prescription=60)
    same(found.dvh, of(phantoms.make_dose(AT)), 0.02)
    with pytest.raises(DicomUnsupported, match="no prescription"):
        notebook(structures(), ds)


def test_biologically_weighted_dose_is_labelled_and_never_added_to_physical() -> None:
    weighted = phantoms.make_dose(AT, DoseType="EFFECTIVE")
    (found,) = notebook(structures(), weighted)
    assert "gy-rbe" in found.flags
    with pytest.raises(DicomUnsupported, match="never added"):
        notebook(structures(), [weighted, phantoms.make_dose(AT)])


def beam_dose(number: int, at: Any, **how: Any) -> Dataset:
    ds = phantoms.make_dose(at, **how)
    ds.DoseSummationType = "BEAM"
    plan, group, beam = Dataset(), Dataset(), Dataset()
    plan.ReferencedSOPInstanceUID = "1.1"
    group.ReferencedFractionGroupNumber, beam.ReferencedBeamNumber = 1, number
    group.ReferencedBeamSequence = [beam]
    plan.ReferencedFractionGroupSequence = [group]
    ds.ReferencedRTPlanSequence = [plan]
    return ds


def test_beams_on_unequal_grids_make_the_plan() -> None:
    """Chosen by the rules, added point by point: tilted, offset, of other spacing; never voxel by voxel."""
    beams = [
        beam_dose(1, linear((0.5, 0, 0), 12), spacing=(2, 2, 2)),
        beam_dose(
            2, linear((0, 0.3, 0), 10), spacing=(3, 2.5, 4), shift=(0.7, 0.4, 1.1), extent=(66, 66, 66)
        ),
        beam_dose(3, linear((0, 0, -0.2), 8), orientation=(0.96, 0, 0.28, 0, 1, 0), extent=(80, 70, 80)),
    ]
    read = [read_dose(phantoms.encode(ds), IMPLICIT_LITTLE) for ds in beams]
    plan = PlanFacts("1.1", (GroupFacts(1, frozenset({1, 2, 3}), frozenset()),))
    (choice,) = choose(plan, [dose_facts(grid.info, "1.1", grid.maximum) for grid in read]).choices
    assert (choice.kind, len(choice.dose_uids)) == ("sum", 3)
    (found,) = dvh(structures(), field_of(read, [choice.scale] * 3))
    same(found, of(phantoms.make_dose(AT)), 0.02)
    waiting = choose(plan, [dose_facts(grid.info, "1.1", grid.maximum) for grid in read[:2]]).waiting
    assert waiting == ("waiting for beam 3",)


def test_a_sum_has_no_dose_where_one_part_has_none() -> None:
    small = opened_dose(linear((0, 0, 0), 10), extent=(8, 60, 60))
    (found,) = dvh(structures(), [opened_dose(AT), small], end_caps="slab")
    assert found.outside_cc > 0.3 * found.volume_cc
    assert "partly-outside" in found.flags


def test_brachytherapy_reaches_beyond_a_hundred_gray() -> None:
    """Bins of 0.01 % above 100 Gy: near a source doses are thousands, and the curve stays small."""

    def source(points: np.ndarray) -> np.ndarray:
        return np.asarray(30_000 / np.maximum((points**2).sum(-1), 1.0))

    rois = opened_structure_set({"a": [phantoms.circle(10, z) for z in HEIGHTS]})
    found = dvh(rois, opened_dose(source, spacing=(1, 1, 1), scaling=1e-4))[0]
    assert found.max_gy is not None and found.max_gy > 10_000
    assert len(found.curve) < 80_000
    d50 = evaluate("D50%", found).value
    assert d50 is not None and 150 < d50 < 600
    assert evaluate("V300Gy", found).value == pytest.approx(100 * np.mean(_inside(source) >= 300), abs=1.0)


def _inside(source: Any) -> np.ndarray:
    """The dose of points spread evenly through the cylinder."""
    rng = np.random.default_rng(4)
    radius, angle = 10 * np.sqrt(rng.random(200_000)), rng.random(200_000) * 2 * np.pi
    z = (rng.random(200_000) - 0.5) * 27
    return np.asarray(source(np.stack((radius * np.cos(angle), radius * np.sin(angle), z), axis=1)))
