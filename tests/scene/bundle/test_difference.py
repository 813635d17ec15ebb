"""Dose differences: the analytic ones of linear doses, whatever the grids (R101)."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from planbank.dicom.dose_grid import DoseGrid, GridGeometry
from planbank.dicom.geometry import axes_of
from planbank.scene.bundle.difference import difference
from planbank.scene.bundle.doses import pack_values
from planbank.scene.bundle.opened import open_dose

HFS, HFP, SAGITTAL = (1, 0, 0, 0, 1, 0), (-1, 0, 0, 0, -1, 0), (0, 1, 0, 0, 0, -1)


def linear(cosines: tuple[float, ...], origin: Any, spacing: float, shape: Any, slope: Any) -> DoseGrid:
    """A dose of `slope` Gy/mm, 50 Gy at the origin of the patient, packed and opened again."""
    axes = axes_of(cosines)
    assert axes is not None
    geometry = GridGeometry(
        np.array(origin, float), axes, (spacing, spacing), np.arange(shape[0]) * spacing, shape
    )
    k, j, i = np.meshgrid(*map(np.arange, shape), indexing="ij")
    places = (
        geometry.origin
        + i[..., None] * spacing * axes.across
        + j[..., None] * spacing * axes.down
        + k[..., None] * spacing * axes.normal
    )
    about, blob = pack_values(50 + places @ np.array(slope), geometry)
    return open_dose({**about, "frame": "f0"}, blob)


@pytest.mark.parametrize(
    ("cosines", "origin"), [(HFS, (-40, -40, -40)), (HFP, (40, 40, -40)), (SAGITTAL, (40, -40, 40))]
)
def test_it_is_that_of_the_doses_on_grids_of_any_direction(cosines: Any, origin: Any) -> None:
    first = linear(HFS, (-20.3, -19.1, -18.7), 3.0, (12, 13, 14), (0.2, 0.1, -0.1))
    second = linear(cosines, origin, 2.5, (33, 33, 33), (0.1, 0.1, 0.1))
    about, blob = difference(first, second)
    found = open_dose({**about, "frame": "f0"}, blob)
    wanted = linear(HFS, (-20.3, -19.1, -18.7), 3.0, (12, 13, 14), (0.1, 0.0, -0.2)).values - 50
    assert about["outside"] == 0
    assert np.abs(found.values - wanted).max() <= 0.004


def test_where_the_other_dose_does_not_reach_it_is_none_and_said() -> None:
    first = linear(HFS, (0, 0, 0), 2.0, (10, 10, 10), (0, 0, 0))
    second = linear(HFS, (0, 0, 9.0), 2.0, (10, 10, 10), (0, 0, 0))
    about, blob = difference(first, second)
    assert about["outside"] == pytest.approx(0.5)
    assert np.abs(open_dose({**about, "frame": "f0"}, blob).values).max() <= 0.001
