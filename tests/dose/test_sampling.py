"""The dose at points, through grids of any orientation."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from planbank.dicom.geometry import axes_of
from planbank.dose.planes import AXIAL
from planbank.dose.sampling import field_of, sample
from tests.dose import phantoms

GRADIENT = (0.3, -0.2, 0.1)
TILTED = (0.8, 0, 0.6, 0, 1, 0)


FORMS = [(o, f) for o in (*phantoms.ORIENTATIONS, TILTED) for f in ("relative", "descending")]
FORMS += [(o, "absolute") for o in phantoms.ORIENTATIONS if o != "sagittal"]


@pytest.mark.parametrize(("orientation", "offsets"), FORMS)
def test_a_linear_dose_is_found_everywhere_with_its_gradient(
    orientation: str | tuple[float, ...], offsets: str
) -> None:
    dose = phantoms.opened_dose(
        phantoms.linear(GRADIENT),
        orientation=orientation,
        offsets=offsets,
        spacing=(2, 3, 2.5),
        shift=(3, 5, 7),
    )
    rng = np.random.default_rng(4)
    x, y, w = rng.uniform(-15, 15, 40), rng.uniform(-15, 15, 40), np.array([-8.0, 0.3, 9.7])
    plane = axes_of((0, 1, 0, 0, 0, 1))
    for axes in (AXIAL, plane):
        assert axes is not None
        found = sample(field_of([dose]), axes, x, y, w)
        points = np.concatenate([np.stack((x, y, np.full(40, z)), axis=1) for z in w]) @ axes.matrix
        assert found.inside.all()
        np.testing.assert_allclose(found.dose, 30 + points @ GRADIENT, atol=1e-4)
        np.testing.assert_allclose(found.gradient, np.tile(axes.matrix @ GRADIENT, (120, 1)), atol=1e-4)


def test_points_beyond_the_outermost_voxels_have_no_dose() -> None:
    dose = phantoms.opened_dose(phantoms.linear((0, 0, 0)), extent=(20, 20, 20))
    found = sample(field_of([dose]), AXIAL, np.array([-10.0, -10.1, 0.0]), np.zeros(3), np.array([0.0, 10.2]))
    assert found.inside.tolist() == [True, False, True, False, False, False]


def test_grids_that_do_not_coincide_are_added_where_all_cover() -> None:
    first = phantoms.opened_dose(phantoms.linear((0.5, 0, 0)), spacing=(2, 2, 2))
    second = phantoms.opened_dose(
        phantoms.linear((0, 0.25, 0)), spacing=(3, 1.5, 2.2), orientation="FFP", extent=(40, 40, 40)
    )
    field = field_of([first, second], [1.0, 2.0])
    assert len(field.grids) == 2
    found = sample(field, AXIAL, np.array([4.0, 25.0]), np.array([-8.0, 0.0]), np.array([1.0]))
    assert found.inside.tolist() == [True, False]
    assert found.dose[0] == pytest.approx(30 + 2 + 2 * (30 - 2), abs=1e-4)


def test_grids_that_coincide_are_added_at_once() -> None:
    one = phantoms.opened_dose(phantoms.linear((0.5, 0, 0)))
    field = field_of([one, one], [1.0, 0.5])
    assert len(field.grids) == 1
    assert field.highest == pytest.approx(1.5 * one.maximum, rel=1e-6)
    assert len(field.uids) == 2


def test_uneven_planes() -> None:
    dose = phantoms.make_dose(phantoms.linear((0, 0, 1)), extent=(10, 10, 4), spacing=(2, 2, 2))
    dose.GridFrameOffsetVector = [0, 2, 6]
    from planbank.dicom.dose_grid import read_dose
    from planbank.dicom.encoding import IMPLICIT_LITTLE

    opened = read_dose(phantoms.encode(dose), IMPLICIT_LITTLE)
    found = sample(field_of([opened]), AXIAL, np.zeros(1), np.zeros(1), np.array([-1.0, 2.0]), cubic=True)
    straight = sample(field_of([opened]), AXIAL, np.zeros(1), np.zeros(1), np.array([-1.0, 2.0]), cubic=False)
    assert straight.dose == pytest.approx([29.0, 31.0], abs=1e-4)
    # 28, 30, 32 Gy at -2, 0, 4 mm lie on a parabola
    assert found.dose == pytest.approx([30 + 5 / 6 * z - z * z / 12 for z in (-1.0, 2.0)], abs=1e-4)


def test_one_field_serves_many_threads() -> None:
    """Which voxels are bent is found once, whoever asks first."""
    peak = phantoms.opened_dose(lambda p: 60 * np.exp(-(p**2).sum(-1) / 300), spacing=(2, 2, 2))
    source = field_of([peak])
    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(lambda _: source.bent(), range(32)))
    assert all(len(one) == 1 for one in found)
