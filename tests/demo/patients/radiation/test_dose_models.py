"""Dose models: where dose must be, and where there can be none."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from planbank.demo.patients.anatomy.body import Build
from planbank.demo.patients.objects.dose import DoseGrid, grid_about
from planbank.demo.patients.radiation.beam_geometry import across_and_along, seen
from planbank.demo.patients.sites.breast import breast
from planbank.demo.patients.sites.case import Case
from planbank.demo.patients.sites.head_and_neck import head_and_neck
from planbank.demo.patients.sites.prostate import prostate
from planbank.demo.patients.sites.proton import proton

Maker = Callable[..., Case]
MAKERS: list[Maker] = [head_and_neck, breast, prostate, proton]


def whole(case: Case) -> tuple[DoseGrid, np.ndarray]:
    grid = grid_about(case, 3.0)
    beams = case.dose_model(case, grid.x, grid.y, grid.z)
    assert len(beams) == len(case.beams)
    assert all(beam.shape == (len(grid.z), len(grid.y), len(grid.x)) for beam in beams)
    return grid, np.sum(beams, axis=0)


@pytest.mark.parametrize("maker", MAKERS)
@pytest.mark.parametrize("side", [-1, 1])
def test_levels_reach_their_targets_and_air_gets_nothing(maker: Maker, side: int) -> None:
    case = maker(Build(77, shift=(4, -9, 30), side=side))
    grid, gy = whole(case)
    (key, prescribed), *_ = case.prescription.levels
    target = case.target(key).on(grid.x, grid.y, grid.z) < 0
    assert gy[target].mean() == pytest.approx(prescribed, rel=1e-3)
    assert np.percentile(gy[target], 5) > 0.9 * prescribed
    for lower, level in case.prescription.levels[1:]:
        inside = case.target(lower).on(grid.x, grid.y, grid.z) < 0
        assert np.percentile(gy[inside], 5) > 0.9 * level
    air = case.anatomy.outline.on(grid.x, grid.y, grid.z) > 3
    assert air.any()
    assert gy[air].max() < 0.05 * prescribed


def test_the_tangents_spare_the_far_side() -> None:
    for side in (-1, 1):
        case = breast(Build(78, side=side))
        grid, gy = whole(case)
        far = case.target("lung_r" if side > 0 else "lung_l").on(grid.x, grid.y, grid.z) < 0
        assert gy[far].mean() < 1


def test_protons_stop() -> None:
    case = proton(Build(79, side=1))
    grid, gy = whole(case)
    assert gy[:, :, grid.x < case.isocentre[0] - 60].max() < 0.02 * case.prescription.dose


def test_beam_coordinates() -> None:
    x, y = np.array([[10.0]], dtype=np.float32), np.array([[0.0]], dtype=np.float32)
    across, along = across_and_along(x, y, (0, 0, 0), 0)
    assert (float(across[0, 0]), float(along[0, 0])) == pytest.approx((10, 0), abs=1e-5)
    across, along = across_and_along(x, y, (0, 0, 0), 90)  # the source at the patient's left
    assert (float(across[0, 0]), float(along[0, 0])) == pytest.approx((0, 10), abs=1e-5)


def test_planes_without_target_take_the_nearest() -> None:
    mask = np.zeros((3, 1, 4), dtype=bool)
    mask[1, 0, 1:3] = True
    low, high = seen(mask, np.array([[0, 1, 2, 3]], dtype=np.float32))
    assert low.tolist() == [1, 1, 1]
    assert high.tolist() == [2, 2, 2]
