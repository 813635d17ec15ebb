"""DVHs of analytic phantoms, made as real DICOM and read back (R73 to R76, R191).

Tolerances were fixed before: exact shapes to 0.01 %, spheres as the scatter of slices allows.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pydicom
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydicom.uid import RLELossless

from planbank.dicom.dose_grid import read_dose
from planbank.dicom.encoding import ENCAPSULATED_UNCOMPRESSED, EXPLICIT_BIG, IMPLICIT_LITTLE, split_file
from planbank.dicom.structure_set import StructureSet, read_structure_set
from planbank.dose import axis
from planbank.dose.engine import Dvh, dvh, stored_dvh
from planbank.dose.flags import FLAGS
from planbank.dose.metrics import evaluate
from tests.dose import phantoms
from tests.dose.phantoms import linear, opened_dose, opened_structure_set

UNIFORM = linear((0, 0, 0), 20.0)


def value(metric: str, found: Dvh) -> float:
    got = evaluate(metric, found).value
    assert got is not None
    return got


def cylinder(radius: float = 12.0, x: float = 0.0, y: float = 0.0) -> list[np.ndarray]:
    """Nine planes 3 mm apart: 27 mm long with its end caps."""
    return [phantoms.circle(radius, z, (x, y)) for z in np.arange(-12, 13, 3.0)]


def test_a_cylinder_across_the_gradient_is_exact() -> None:
    found = dvh(opened_structure_set({"a": cylinder()}), opened_dose(linear((1, 0, 0))))[0]
    volume = np.pi * 144 * 27 / 1000
    assert found.volume_cc == pytest.approx(volume, rel=1e-6)
    assert found.outside_cc == 0.0
    assert found.flags == ()
    assert found.mean_gy == pytest.approx(30.0, abs=1e-3)
    assert found.min_gy == pytest.approx(18, abs=0.02)
    assert found.max_gy == pytest.approx(42, abs=0.02)

    def at_least(dose: float) -> float:
        half = np.arccos(np.clip((dose - 30) / 12, -1, 1))
        return float(144 * (half - np.sin(half) * np.cos(half)) * 27)

    for metric, cc in (("D95%", 0.95 * volume), ("D50%", 0.5 * volume), ("D1cc", 1.0), ("D0.03cc", 0.03)):
        truth = phantoms.dose_to(at_least, cc * 1000, 0, 60)
        assert value(metric, found) == pytest.approx(truth, abs=0.05), metric
    assert value("V35Gy[cc]", found) == pytest.approx(at_least(35) / 1000, rel=0.005)


def test_a_cylinder_along_the_gradient_is_a_straight_line() -> None:
    found = dvh(opened_structure_set({"a": cylinder()}), opened_dose(linear((0, 0, 1)), shift=(0, 0, 0.7)))[0]
    for percent in (95, 50, 5):
        assert value(f"D{percent}%", found) == pytest.approx(30 + 13.5 - 0.27 * percent, abs=0.03)


@pytest.mark.parametrize("spacing", [1.0, 2.0, 3.0])
@pytest.mark.parametrize("gradient", [(1, 0, 0), (0, 0, 1), (0.577, 0.577, 0.577)])
def test_a_sphere_is_as_good_as_its_slices(spacing: float, gradient: tuple[float, float, float]) -> None:
    structure_set = opened_structure_set({"ball": phantoms.sphere(12, spacing, phase=0.5)})
    found = dvh(structure_set, opened_dose(linear(gradient), shift=(0.3, 0.6, 0.9)))[0]
    at_least = phantoms.ball_at_least(12, float(np.linalg.norm(gradient)), 30)
    volume = at_least(0)
    assert found.volume_cc == pytest.approx(volume / 1000, rel=0.016)
    assert found.mean_gy == pytest.approx(30, abs=0.02)
    assert value("D95%", found) == pytest.approx(phantoms.dose_to(at_least, 0.95 * volume, 0, 60), abs=0.2)
    assert value("D1cc", found) == pytest.approx(phantoms.dose_to(at_least, 1000, 0, 60), abs=0.2)


@pytest.mark.parametrize("kind", ["CLOSED_PLANAR", "CLOSEDPLANAR_XOR"])
@pytest.mark.parametrize("drawn", ["two contours", "keyhole"])
def test_rings_are_within_a_hundredth_of_a_percent(kind: str, drawn: str) -> None:
    contours = []
    for z in (-3.0, 0.0, 3.0):
        outer, inner = phantoms.circle(20, z), phantoms.circle(10, z)
        contours += [outer, inner] if drawn == "two contours" else [phantoms.keyhole(outer, inner)]
    found = dvh(opened_structure_set({"ring": contours}, kind=kind), opened_dose(linear((1, 0, 0))))[0]
    assert found.volume_cc == pytest.approx(np.pi * 300 * 9 / 1000, rel=1e-4)
    assert found.mean_gy == pytest.approx(30, abs=0.01)


def test_a_single_slice_has_the_structure_sets_spacing_and_a_dose() -> None:
    rois = {"one": [phantoms.circle(8, 3.0)], "many": cylinder(5)}
    found = dvh(opened_structure_set(rois), opened_dose(linear((1, 0, 0))))[0]
    assert found.volume_cc == pytest.approx(np.pi * 64 * 3 / 1000, rel=1e-6)
    assert found.flags == ("lone-slice",)
    assert 22 < value("D95%", found) < 30


def test_a_single_slice_alone_takes_the_spacing_given_or_says_it_was_assumed() -> None:
    structure_set = opened_structure_set({"one": [phantoms.circle(8, 3.0)]})
    dose = opened_dose(UNIFORM)
    assert dvh(structure_set, dose, spacing=2.5)[0].volume_cc == pytest.approx(np.pi * 64 * 2.5 / 1000)
    assert "spacing-assumed" in dvh(structure_set, dose)[0].flags


def test_two_islands_add_up() -> None:
    contours = cylinder(6, -15) + cylinder(4, 15, 3)
    found = dvh(opened_structure_set({"a": contours}), opened_dose(UNIFORM))[0]
    assert found.volume_cc == pytest.approx(np.pi * (36 + 16) * 27 / 1000, rel=1e-6)


def test_uniform_dose_gives_that_dose_for_every_metric() -> None:
    found = dvh(opened_structure_set({"a": cylinder()}), opened_dose(linear((0, 0, 0), 20.003)))[0]
    for metric in ("D99%", "D95%", "D2%", "D0.03cc", "Dmean", "Dmin", "Dmax", "Dmedian", "gEUD(8)"):
        assert value(metric, found) == pytest.approx(20.003, abs=1e-4), metric
    assert value("V20Gy", found) == pytest.approx(100)
    assert value("V20.1Gy", found) == 0.0


def test_tissue_outside_the_dose_is_kept_apart_and_flagged() -> None:
    structure_set = opened_structure_set({"a": cylinder()})
    dose = opened_dose(linear((0.5, 0, 0)), extent=(40, 60, 60), centre=(20, 0, 0))
    found = dvh(structure_set, dose)[0]
    volume = np.pi * 144 * 27 / 1000
    assert found.volume_cc == pytest.approx(volume, rel=1e-6)
    assert found.outside_cc == pytest.approx(volume / 2, rel=1e-3)
    assert found.curve[0] == pytest.approx(volume - found.outside_cc)
    assert "partly-outside" in found.flags
    assert found.min_gy == pytest.approx(30, abs=0.1)
    d95 = evaluate("D95%", found)
    assert (d95.value, d95.reason, d95.low) == (None, "outside", 0.0)
    hot = evaluate("V33Gy", found)
    assert hot.reason == "outside"
    assert hot.low is not None and hot.high is not None
    assert hot.high - hot.low == pytest.approx(50, abs=0.1)


def test_metrics_that_cannot_depend_on_tissue_outside_are_not_flagged() -> None:
    """A hot middle in a body that sticks out of the grid at its cool ends."""
    body = [phantoms.circle(25, z) for z in np.arange(-60, 61, 3.0)]
    dose = opened_dose(lambda p: 60 * np.exp(-(p**2).sum(-1) / 400), extent=(60, 60, 60))
    found = dvh(opened_structure_set({"body": body}), dose)[0]
    assert found.outside_cc > 0
    assert evaluate("D1cc", found).reason == ""
    assert evaluate("V40Gy", found).reason == ""
    assert evaluate("Dmax", found).reason == ""
    assert evaluate("Dmean", found).reason == "outside"


def test_wholly_outside() -> None:
    found = dvh(opened_structure_set({"a": cylinder(5, 200)}), opened_dose(UNIFORM))[0]
    assert found.flags == ("outside",)
    assert found.mean_gy is None
    assert found.outside_cc == found.volume_cc > 0
    assert evaluate("D95%", found).value is None


def test_volume_does_not_depend_on_the_dose_grid() -> None:
    structure_set = opened_structure_set({"a": phantoms.sphere(9, 3, 0.2)})
    volumes = [
        dvh(structure_set, opened_dose(UNIFORM, spacing=size, shift=shift))[0].volume_cc
        for size, shift in (((1, 1, 1), (0, 0, 0)), ((3, 2, 5), (0.4, 0.9, 1.3)), ((4, 4, 4), (1, 2, 3)))
    ]
    assert volumes == pytest.approx([volumes[0]] * 3, rel=1e-9)


TILTED = (0.8, 0, 0.6, 0, 1, 0)


@pytest.mark.parametrize("orientation", [*phantoms.ORIENTATIONS, TILTED])
def test_every_orientation_of_the_dose_gives_the_same_dvh(orientation: str | tuple[float, ...]) -> None:
    structure_set = opened_structure_set({"a": cylinder(10, 3, -4)})
    gradient = (0.5, -0.3, 0.2)
    reference = dvh(structure_set, opened_dose(linear(gradient)))[0]
    found = dvh(structure_set, opened_dose(linear(gradient), orientation=orientation, extent=(70, 75, 80)))[0]
    assert found.volume_cc == pytest.approx(reference.volume_cc, rel=1e-9)
    assert found.mean_gy == pytest.approx(reference.mean_gy, abs=1e-3)
    for metric in ("D95%", "D50%", "D1cc"):
        assert value(metric, found) == pytest.approx(value(metric, reference), abs=0.05)


@pytest.mark.parametrize("turn", ["sagittal", TILTED, (0.6, 0.8, 0, -0.48, 0.36, 0.8)])
def test_turning_and_moving_patient_and_dose_together_changes_nothing(turn: Any) -> None:
    axes, shift = phantoms.axes_of(turn), np.array([40.0, -25.0, 311.0])
    dose_at = linear((0.5, -0.3, 0.2))
    straight = dvh(opened_structure_set({"a": phantoms.sphere(10, 2, 0.3)}), opened_dose(dose_at))[0]
    moved = [points @ axes + shift for points in phantoms.sphere(10, 2, 0.3)]
    dose = opened_dose(
        lambda points: dose_at((points - shift) @ axes.T), orientation=tuple(axes[:2].ravel()), centre=shift
    )
    found = dvh(opened_structure_set({"a": moved}), dose)[0]
    assert found.volume_cc == pytest.approx(straight.volume_cc, rel=1e-6)
    assert found.mean_gy == pytest.approx(straight.mean_gy, abs=2e-3)
    assert value("D95%", found) == pytest.approx(value("D95%", straight), abs=0.02)


def test_a_gap_is_not_filled_and_the_other_volume_is_told() -> None:
    contours = [c for c in cylinder() if c[0, 2] not in (0.0,)]
    found = dvh(opened_structure_set({"a": contours}), opened_dose(UNIFORM))[0]
    assert found.flags == ("gap",)
    assert found.volume_cc == pytest.approx(np.pi * 144 * 24 / 1000, rel=1e-6)
    filled = found.parameters["volume_with_gaps_filled_cc"]
    assert filled == pytest.approx(np.pi * 144 * 27 / 1000, rel=1e-4)


def test_drawn_on_every_second_slice_is_continuous() -> None:
    rois = {"sparse": cylinder()[::2], "a": cylinder(), "b": cylinder()}
    found = dvh(opened_structure_set(rois), opened_dose(UNIFORM))[0]
    assert "every-nth-slice" in found.flags
    assert found.volume_cc == pytest.approx(np.pi * 144 * 30 / 1000, rel=1e-6)


@pytest.mark.parametrize(("caps", "length"), [("slab", 27), ("half", 25.5), ("none", 24)])
def test_end_caps_by_name(caps: Any, length: float) -> None:
    found = dvh(opened_structure_set({"a": cylinder()}), opened_dose(UNIFORM), end_caps=caps)[0]
    assert found.volume_cc == pytest.approx(np.pi * 144 * length / 1000, rel=1e-6)
    assert found.parameters["end_caps"] == caps


def test_what_cannot_be_had_is_null() -> None:
    tiny = phantoms.sphere(2.56, 0.5, 0.5)
    found = dvh(opened_structure_set({"tiny": tiny}), opened_dose(linear((1, 0, 0))))[0]
    assert found.volume_cc == pytest.approx(0.07, rel=0.02)
    assert evaluate("D1cc", found).value is None
    assert evaluate("D1cc", found).reason == "too-small"
    assert value("D0.03cc", found) > 30


def test_empty_points_and_open_contours_are_reported() -> None:
    dose = opened_dose(UNIFORM)
    assert dvh(opened_structure_set({"none": []}), dose)[0].flags == ("empty",)
    marker = opened_structure_set({"mark": [np.array([[1.0, 2, 3]])]}, kind="POINT")
    assert set(dvh(marker, dose)[0].flags) == {"points", "empty"}
    wire = opened_structure_set({"wire": [phantoms.circle(5, 0)]}, kind="OPEN_NONPLANAR")
    assert set(dvh(wire, dose)[0].flags) == {"open-contours", "empty"}
    assert dvh(opened_structure_set({"none": []}), dose)[0].volume_cc == 0.0


def test_crossing_and_repeated_contours_are_flagged() -> None:
    bow = np.array([[-5, -5, 0], [5, 5, 0], [5, -5, 0], [-5, 5, 0]], float)
    twice = [*cylinder(), *cylinder()]
    crossing, repeated = dvh(opened_structure_set({"bow": [bow], "twice": twice}), opened_dose(UNIFORM))
    assert "crossing" in crossing.flags
    assert crossing.volume_cc == pytest.approx(50 * 3 / 1000)
    assert repeated.flags == ("repeated",)
    assert repeated.volume_cc == pytest.approx(np.pi * 144 * 27 / 1000, rel=1e-4)


def test_doses_on_unequal_grids_are_added() -> None:
    structure_set = opened_structure_set({"a": cylinder()})
    first = opened_dose(linear((0.6, 0, 0), 10), spacing=(2, 2, 2))
    second = opened_dose(linear((0, 0.4, 0), 20), spacing=(3, 2.5, 1.5), shift=(0.5, 0.2, 0.8))
    together = dvh(structure_set, [first, second])[0]
    alone = dvh(structure_set, opened_dose(linear((0.6, 0.4, 0), 30)))[0]
    assert set(together.dose_uids) == {first.info.sop_instance_uid, second.info.sop_instance_uid}
    assert together.mean_gy == pytest.approx(alone.mean_gy, abs=1e-3)
    assert value("D95%", together) == pytest.approx(value("D95%", alone), abs=0.02)


def rewrapped(ds: pydicom.Dataset, syntax: str) -> pydicom.Dataset:
    """The dose with its frames in fragments, compressed or (encapsulated uncompressed) as they are."""
    ds.file_meta = pydicom.dataset.FileMetaDataset()
    ds.file_meta.TransferSyntaxUID = pydicom.uid.ExplicitVRLittleEndian
    if syntax == RLELossless:
        ds.compress(syntax, generate_instance_uid=False)
        return ds
    size = len(ds.PixelData) // ds.NumberOfFrames
    frames = [ds.PixelData[i : i + size] for i in range(0, len(ds.PixelData), size)]
    ds.PixelData = pydicom.encaps.encapsulate(frames)
    ds["PixelData"].VR, ds["PixelData"].is_undefined_length = "OB", True
    ds.file_meta.TransferSyntaxUID = syntax
    return ds


@pytest.mark.parametrize(("bits", "syntax"), [(16, RLELossless), (32, ENCAPSULATED_UNCOMPRESSED)])
def test_multi_frame_dose_in_fragments(bits: int, syntax: str) -> None:
    structure_set = opened_structure_set({"a": cylinder()})
    ds = phantoms.make_dose(linear((1, 0, 0)), bits=bits, scaling=0.002)
    plain = dvh(structure_set, read_dose(phantoms.encode(ds), IMPLICIT_LITTLE))[0]
    buffer = pydicom.filebase.DicomBytesIO()
    rewrapped(ds, syntax).save_as(buffer, enforce_file_format=True)
    found_syntax, data = split_file(buffer.getvalue())
    assert found_syntax == syntax
    packed = dvh(structure_set, read_dose(data, found_syntax))[0]
    np.testing.assert_array_equal(packed.curve, plain.curve)
    assert plain.mean_gy == pytest.approx(30, abs=0.002)


def test_big_endian() -> None:
    contours = phantoms.make_structure_set({"a": cylinder()})
    opened = read_structure_set(phantoms.encode(contours, EXPLICIT_BIG), EXPLICIT_BIG)
    ds = phantoms.make_dose(linear((1, 0, 0)))
    ds.PixelData = np.frombuffer(ds.PixelData, "<u4").astype(">u4").tobytes()
    found = dvh(opened, read_dose(phantoms.encode(ds, EXPLICIT_BIG), EXPLICIT_BIG))[0]
    assert found.mean_gy == pytest.approx(30, abs=1e-3)


def test_biologically_weighted_dose_and_foreign_frames_are_labelled() -> None:
    structure_set = opened_structure_set({"a": cylinder()}, frame="9.9")
    found = dvh(structure_set, opened_dose(UNIFORM, DoseType="EFFECTIVE"))[0]
    assert found.flags == ("other-frame", "gy-rbe")


def test_brachytherapy_doses_above_a_hundred_gray() -> None:
    found = dvh(opened_structure_set({"a": cylinder()}), opened_dose(linear((40, 0, 0), 1000), scaling=1e-4))[
        0
    ]
    assert len(found.curve) < 40_000
    assert value("D50%", found) == pytest.approx(1000, rel=1e-3)
    assert found.max_gy == pytest.approx(1480, rel=1e-3)


def test_only_the_rois_asked_for_and_the_same_numbers() -> None:
    rois = {"a": cylinder(5), "b": [phantoms.circle(4, 0)], "c": cylinder(7)}
    structure_set, dose = opened_structure_set(rois), opened_dose(linear((1, 0, 0)))
    every = {found.name: found for found in dvh(structure_set, dose)}
    (only,) = dvh(structure_set, dose, ["b"])
    assert only.number == 2
    assert only.volume_cc == every["b"].volume_cc
    assert [found.name for found in dvh(structure_set, dose, [1, 3])] == ["a", "c"]


def test_what_is_stored_answers_like_what_was_calculated() -> None:
    found = dvh(opened_structure_set({"a": cylinder()}), opened_dose(linear((1, 0, 0)), extent=(20, 60, 60)))[
        0
    ]
    names = ("number", "name", "dose_uids", "volume_cc", "outside_cc", "min_gy", "mean_gy", "max_gy", "flags")
    kept = {name: getattr(found, name) for name in (*names, "algorithm")}
    again = stored_dvh(found.packed, parameters=found.parameters, **kept)
    for metric in ("D50%", "D1cc", "V35Gy", "Dmean", "D99%"):
        one, other = evaluate(metric, found), evaluate(metric, again)
        assert one.reason == other.reason
        assert (one.value, one.high) == pytest.approx((other.value, other.high), abs=1e-3)


@settings(max_examples=25)
@given(
    radius=st.floats(2.5, 14),
    spacing=st.floats(0.8, 4),
    phase=st.floats(0, 0.99),
    gradient=st.tuples(*[st.floats(-1.2, 1.2)] * 3),
    voxel=st.tuples(*[st.floats(1.2, 5)] * 3),
    start=st.integers(0, 300),
    turned=st.booleans(),
)
def test_curves_are_lawful(
    radius: float,
    spacing: float,
    phase: float,
    gradient: tuple[float, float, float],
    voxel: tuple[float, float, float],
    start: int,
    turned: bool,
) -> None:
    """R191, and no difference from where a contour begins, which way it runs, in what order they come."""
    contours = phantoms.sphere(radius, spacing, phase)
    if not contours:
        return
    dose = opened_dose(linear(gradient), spacing=voxel, extent=(44, 44, 44))
    found = dvh(opened_structure_set({"a": contours}), dose)[0]
    lawful(found)
    other = [np.roll(points, start, axis=0)[:: -1 if turned else 1] for points in reversed(contours)]
    again = dvh(opened_structure_set({"a": other}), dose)[0]
    assert again.volume_cc == pytest.approx(found.volume_cc, rel=1e-9)
    np.testing.assert_allclose(again.curve, found.curve, atol=1e-6 * found.volume_cc)


def lawful(found: Dvh) -> None:
    curve = found.curve
    assert (np.diff(curve) <= 0).all()
    assert curve[0] == pytest.approx(found.volume_cc - found.outside_cc, rel=1e-9)
    assert curve[-1] == 0.0
    assert found.min_gy is not None and found.mean_gy is not None and found.max_gy is not None
    assert found.min_gy <= found.mean_gy + 1e-9 <= found.max_gy + 2e-9
    integral = np.trapezoid(curve, axis.doses(len(curve))) / curve[0]
    assert integral == pytest.approx(found.mean_gy, abs=0.02)
    doses = [evaluate(f"D{percent}%", found).value for percent in range(1, 100, 7)]
    assert doses == sorted(doses, key=lambda dose: -(dose or 0))


def test_every_flag_is_explained(monkeypatch: pytest.MonkeyPatch) -> None:
    assert all(sentence.endswith(".") for sentence in FLAGS.values())


def test_a_structure_set_without_rois() -> None:
    empty: StructureSet = opened_structure_set({})
    assert dvh(empty, opened_dose(UNIFORM)) == []
