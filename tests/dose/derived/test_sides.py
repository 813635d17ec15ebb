"""Left and right by name, and the treated side by where the target lies."""

from __future__ import annotations

import numpy as np
import pytest

from planbank.dicom.structure_set import StructureSet
from planbank.dose.derived.sides import choose_side, pairs_of, side_of
from planbank.errors import ExpressionError
from tests.dose.phantoms import circle, opened_structure_set


@pytest.mark.parametrize(
    ("name", "base", "side"),
    [
        ("Lung_L", "lung", "left"),
        ("Lung_R", "lung", "right"),
        ("Left Lung", "lung", "left"),
        ("lung dx", "lung", "right"),
        ("Lunge venstre", "lunge", "left"),
        ("Lunge højre", "lunge", "right"),
        ("KidneyLeft", "kidney", "left"),
        ("Femur_Head_R", "femur head", "right"),
        ("Lung", "lung", None),
        ("Liver", "liver", None),
        ("L", "l", None),
        ("Rectum", "rectum", None),
    ],
)
def test_the_side_in_a_name(name: str, base: str, side: str | None) -> None:
    assert side_of(name) == (base, side)


def chest(target_x: float, **more: float) -> StructureSet:
    rois = {"Lung_L": 60.0, "Lung_R": -60.0, "PTV": target_x, **more}
    drawn = {name: [circle(20, z, (x, 0)) for z in (-3, 0, 3)] for name, x in rois.items()}
    return opened_structure_set(drawn, interpreted={"PTV": "PTV"})


@pytest.mark.parametrize(("x", "ipsi", "contra"), [(45, "Lung_L", "Lung_R"), (-80, "Lung_R", "Lung_L")])
def test_the_side_of_the_target(x: float, ipsi: str, contra: str) -> None:
    rois = chest(x).rois
    assert choose_side(rois, "ipsi", "Lung", None).name == ipsi
    assert choose_side(rois, "contra", "lung", None).name == contra


def test_a_side_that_is_given_stands_over_the_target() -> None:
    assert choose_side(chest(45).rois, "ipsi", "Lung", "right").name == "Lung_R"
    assert choose_side(chest(0).rois, "contra", "Lung", "right").name == "Lung_L"


def test_what_cannot_be_told_is_not_guessed() -> None:
    with pytest.raises(ExpressionError, match="between left and right"):
        choose_side(chest(3).rois, "ipsi", "Lung", None)
    with pytest.raises(ExpressionError, match="Pairs by name: 'lung'"):
        choose_side(chest(45).rois, "ipsi", "Kidney", None)
    without = [roi for roi in chest(45).rois if roi.name != "PTV"]
    with pytest.raises(ExpressionError, match="no target"):
        choose_side(without, "ipsi", "Lung", None)


def test_two_left_lungs_are_no_pair() -> None:
    rois = chest(45, **{"Lung L": 70.0}).rois
    assert pairs_of(rois) == {}
    assert np.isfinite(rois[0].contours.points).all()
