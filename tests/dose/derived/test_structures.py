"""Derived structures as bodies: volumes with known answers, laws of sets, planes that do not match."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from planbank.dicom.structure_set import StructureSet
from planbank.dose.derived.bodies import SAME_HEIGHT
from planbank.dose.derived.structures import Derived, derive
from planbank.dose.engine import Dvh, dvh, dvh_of_body
from planbank.dose.metrics import evaluate
from planbank.dose.sampling import field_of
from planbank.dose.slabs import EndCaps
from planbank.errors import ExpressionError
from tests.dose import phantoms
from tests.dose.phantoms import circle, linear, opened_dose, opened_structure_set

LAW = {"both": "A & B", "less": "A - B", "any": "A + B", "turned": "B + A", "other": "B - A"}


def box(x: float, size: float, heights: NDArray[np.float64]) -> list[NDArray[np.float64]]:
    corners = np.array([[x, 0], [x + size, 0], [x + size, size], [x, size]], float)
    return [np.column_stack([corners, np.full(4, z)]) for z in heights]


def cc(structure_set: StructureSet, caps: EndCaps = "slab", **definitions: str) -> dict[str, float]:
    made = derive(structure_set, definitions, end_caps=caps)
    return {one.name: one.body.volume / 1000 for one in made}


@pytest.mark.parametrize("caps", ["slab", "shape"])
def test_boxes_have_exact_volumes(caps: EndCaps) -> None:
    z = np.arange(0, 30, 3.0)
    rois = opened_structure_set({"A": box(0, 20, z), "B": box(10, 20, z)})
    assert cc(rois, **LAW) == pytest.approx(
        {"both": 6, "less": 6, "any": 18, "turned": 18, "other": 6}, rel=1e-12
    )


@pytest.mark.parametrize("caps", ["slab", "shape"])
def test_a_shell_drawn_or_derived_is_the_same(caps: EndCaps) -> None:
    z = np.arange(-12, 13, 3.0)
    outer, inner = [circle(20, h) for h in z], [circle(12, h) for h in z]
    both = [contour for pair in zip(outer, inner, strict=True) for contour in pair]
    rois = opened_structure_set({"ring": both, "outer": outer, "inner": inner})
    dose = opened_dose(linear((0.5, 0.2, 0.1)))
    drawn = dvh(rois, dose, ["ring"], end_caps=caps)[0]
    (derived,) = derive(rois, {"shell": "outer - inner"}, end_caps=caps)
    found = dvh_of_body("shell", derived.body, field_of([dose]))
    assert found.volume_cc == pytest.approx(drawn.volume_cc, rel=1e-6)
    assert found.mean_gy == pytest.approx(drawn.mean_gy, abs=1e-4)
    assert (found.min_gy, found.max_gy) == pytest.approx((drawn.min_gy, drawn.max_gy), abs=0.02)
    np.testing.assert_allclose(
        found.curve, np.resize(drawn.curve, len(found.curve)), atol=0.002 * drawn.volume_cc
    )


def test_planes_with_another_spacing_and_phase_are_cut_at_the_heights_of_all() -> None:
    """A stands for -1.5 to 28.5 mm, B for 9 to 19 mm whatever its spacing: the truth is exact."""
    fine = opened_structure_set(
        {"A": box(0, 20, np.arange(0, 30, 3.0)), "B": box(0, 20, np.arange(10, 19, 2.0))}
    )
    assert cc(fine, **LAW) == pytest.approx(
        {"both": 4, "less": 8, "any": 12, "turned": 12, "other": 0}, rel=1e-12
    )
    shifted = opened_structure_set(
        {"A": box(0, 20, np.arange(0, 30, 3.0)), "B": box(5, 20, np.arange(1.1, 31, 3.0))}
    )
    found = cc(shifted, **LAW)
    assert found["both"] == pytest.approx(15 * 20 * 28.9 / 1000)
    assert found["any"] == pytest.approx((400 * 30 * 2 - 15 * 20 * 28.9) / 1000)


def test_what_is_left_on_few_planes_keeps_the_spacing_of_what_it_was_cut_from() -> None:
    """A less B remains on every second plane: 3 mm each, not 6."""
    z = np.arange(0, 30, 3.0)
    rois = opened_structure_set({"A": box(0, 20, z), "B": box(0, 20, z[::2][:4])})
    lone = opened_structure_set({"A": box(0, 20, z), "B": box(0, 20, z[1:])})
    assert cc(lone, only="A - B")["only"] == pytest.approx(1.2)
    found = cc(rois, **LAW)
    assert found["less"] + found["both"] == pytest.approx(12.0)


@pytest.mark.parametrize("caps", ["slab", "shape"])
@settings(max_examples=20)
@given(
    spacing=st.tuples(st.sampled_from([1.0, 2.0, 2.5, 3.0]), st.sampled_from([1.0, 2.0, 3.0, 5.0])),
    phase=st.tuples(st.floats(0, 0.99), st.floats(0, 0.99)),
    shift=st.tuples(*[st.floats(-15, 15)] * 3),
    radius=st.floats(5, 14),
)
def test_volumes_obey_the_laws_of_sets(
    caps: EndCaps,
    spacing: tuple[float, float],
    phase: tuple[float, float],
    shift: tuple[float, float, float],
    radius: float,
) -> None:
    one = phantoms.sphere(10, spacing[0], phase[0])
    other = phantoms.sphere(radius, spacing[1], phase[1], shift)
    rois = opened_structure_set({"A": one, "B": other})
    found = cc(rois, caps, A1="A + A", B1="B & B", nothing="A - A", **LAW)
    assert found["nothing"] == 0.0
    # Heights that lie this near together are one, so much of a cross-section may come or go.
    height = SAME_HEIGHT * np.pi * 14**2 / 1000
    assert found["both"] + found["less"] == pytest.approx(found["A1"], rel=1e-9, abs=height)
    assert found["any"] == pytest.approx(found["A1"] + found["B1"] - found["both"], rel=1e-9, abs=height)
    assert found["any"] == pytest.approx(found["turned"], rel=1e-12)
    assert found["less"] + found["other"] + found["both"] == pytest.approx(found["any"], rel=1e-9, abs=height)


@pytest.mark.parametrize("phase", [0.1, 0.5, 0.8])
def test_a_structure_derived_from_itself_has_its_own_volume_and_dose(phase: float) -> None:
    """What lies between planes is the engine's own shape, so that derived and drawn agree."""
    ball, tube = phantoms.sphere(9, 3, phase), [circle(6, z, (14, 0)) for z in np.arange(-12, 13, 3.0)]
    rois = opened_structure_set({"A": ball, "B": [*ball, *tube]})
    dose = opened_dose(linear((0.5, 0.2, -0.7)), extent=(80, 60, 60))
    for drawn, derived in zip(dvh(rois, dose), derive(rois, {"a": "A + A", "b": "B & B"}), strict=True):
        found = body_dvh(derived, dose)
        assert found.volume_cc == pytest.approx(drawn.volume_cc, rel=2e-4)
        assert found.mean_gy == pytest.approx(drawn.mean_gy, abs=0.02)
        for metric in ("D95%", "D50%", "D2%"):
            one, other = evaluate(metric, found).value, evaluate(metric, drawn).value
            assert one == pytest.approx(other, abs=0.1), metric


def body_dvh(derived: Derived, dose: phantoms.DoseGrid) -> Dvh:
    return dvh_of_body(derived.name, derived.body, field_of([dose]))


def test_the_curve_of_a_union_is_no_sum_of_curves() -> None:
    """Where structures overlap, adding curves counts the overlap twice; the union does not."""
    z = np.arange(-12, 13, 3.0)
    rois = opened_structure_set({"A": [circle(12, h) for h in z], "B": [circle(12, h, (8, 0)) for h in z]})
    dose = opened_dose(linear((1, 0, 0)), extent=(90, 60, 60))
    alone = dvh(rois, dose)
    made = {one.name: body_dvh(one, dose) for one in derive(rois, LAW)}
    assert made["any"].volume_cc < sum(one.volume_cc for one in alone) - 1
    size = max(len(one.curve) for one in (*alone, *made.values()))
    a, b, both, either = (
        np.pad(one.curve, (0, size - len(one.curve))) for one in (*alone, made["both"], made["any"])
    )
    np.testing.assert_allclose(either, a + b - both, atol=0.005 * a[0])
    assert made["any"].parameters["derived"] is True


def test_the_part_outside_the_dose_is_kept_apart() -> None:
    z = np.arange(-12, 13, 3.0)
    rois = opened_structure_set({"A": [circle(12, h) for h in z], "B": [circle(3, h) for h in z]})
    dose = opened_dose(linear((0.5, 0, 0)), extent=(40, 60, 60), centre=(20, 0, 0))
    (derived,) = derive(rois, {"shell": "A - B"})
    found = body_dvh(derived, dose)
    assert found.outside_cc == pytest.approx(found.volume_cc / 2, rel=1e-3)
    assert "partly-outside" in found.flags


def test_tilted_structures_are_joined_in_their_own_planes() -> None:
    axes, z = phantoms.axes_of((0.8, 0, 0.6, 0, 1, 0)), np.arange(0, 30, 3.0)
    turned = {name: [c @ axes for c in box(x, 20, z)] for name, x in (("A", 0.0), ("B", 10.0))}
    assert cc(opened_structure_set(turned), **LAW)["both"] == pytest.approx(6, rel=1e-6)


def test_planes_that_are_not_parallel_are_refused() -> None:
    z = np.arange(0, 30, 3.0)
    upright = [c @ phantoms.axes_of("sagittal") for c in box(0, 20, z)]
    rois = opened_structure_set({"A": box(0, 20, z), "B": upright})
    with pytest.raises(ExpressionError, match="not parallel"):
        derive(rois, {"both": "A & B"})


def test_definitions_may_use_earlier_ones_and_pairs() -> None:
    z = np.arange(0, 30, 3.0)
    rois = opened_structure_set(
        {"Lung_L": box(50, 20, z), "Lung_R": box(-70, 20, z), "GTV": box(60, 5, z), "empty": []}
    )
    found = cc(
        rois,
        Lungs="Lung_L + Lung_R",
        healthy="Lungs - GTV",
        ipsi="ipsi(Lung) - GTV",
        contra="contra(Lung)",
        none="GTV & empty",
        same="GTV - empty",
    )
    assert found == pytest.approx(
        {"Lungs": 24, "healthy": 23.25, "ipsi": 11.25, "contra": 12, "none": 0, "same": 0.75}
    )


def test_an_empty_result_is_flagged_and_has_no_numbers() -> None:
    rois = opened_structure_set({"A": box(0, 5, np.arange(0, 9, 3.0)), "B": box(50, 5, np.arange(0, 9, 3.0))})
    (derived,) = derive(rois, {"none": "A & B"})
    found = body_dvh(derived, opened_dose(linear((0, 0, 0))))
    assert (found.volume_cc, found.mean_gy) == (0.0, None)
    assert "empty" in found.flags


def test_names_that_are_there_twice_are_told_by_number() -> None:
    rois = opened_structure_set({"A": box(0, 20, np.arange(0, 30, 3.0))})
    twice = StructureSet(
        "",
        "",
        "",
        "",
        "",
        "",
        (rois.rois[0], rois.rois[0].__class__(7, "A", "", "", None, "", rois.rois[0].contours)),
    )
    with pytest.raises(ExpressionError, match="#1, #7"):
        derive(twice, {"a": "A"})
    assert derive(twice, {"a": "#7"})[0].body.volume == pytest.approx(12_000)
