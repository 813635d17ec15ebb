"""Where the voxels of a dose lie, and what is missing from an odd one."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from planbank.dicom.dose_grid import read_dose, read_dose_info
from planbank.dicom.encoding import IMPLICIT_LITTLE
from planbank.errors import DicomMalformed, DicomUnsupported
from tests.dose import phantoms

DOSE_AT = phantoms.linear((0.4, 0.3, 0.2))
FORMS = [(o, f) for o in phantoms.ORIENTATIONS for f in ("relative", "descending")]
FORMS += [(o, "absolute") for o in phantoms.ORIENTATIONS if o != "sagittal"]


@pytest.mark.parametrize(("orientation", "offsets"), FORMS)
def test_every_voxel_is_where_its_value_says(orientation: str, offsets: str) -> None:
    dose = phantoms.opened_dose(
        DOSE_AT,
        orientation=orientation,
        offsets=offsets,
        extent=(20, 24, 30),
        spacing=(2, 3, 5),
        shift=(7, 0, 40),
    )
    geometry = dose.geometry
    assert (np.diff(geometry.offsets) > 0).all()
    index = np.array([[0, 0, 0], [3, 5, 2], [10, 8, 6]])
    mm = np.stack(
        (index[:, 0] * geometry.spacing[0], index[:, 1] * geometry.spacing[1], geometry.offsets[index[:, 2]]),
        axis=1,
    )
    points = geometry.origin + mm @ geometry.axes.matrix
    values = dose.values[index[:, 2], index[:, 1], index[:, 0]]
    np.testing.assert_allclose(values, DOSE_AT(points), atol=1e-4)
    np.testing.assert_allclose(geometry.local(points), index, atol=1e-6)


def changed(**elements: Any) -> bytes:
    ds = phantoms.make_dose(DOSE_AT, extent=(8, 8, 8))
    for keyword, value in elements.items():
        if value is None:
            delattr(ds, keyword)
        else:
            setattr(ds, keyword, value)
    return phantoms.encode(ds)


@pytest.mark.parametrize(
    ("elements", "code"),
    [
        ({"ImagePositionPatient": None}, "dose-no-geometry"),
        ({"ImageOrientationPatient": [1, 0, 0, 1, 0, 0]}, "dose-no-geometry"),
        ({"PixelSpacing": [0, 2]}, "dose-no-geometry"),
        ({"GridFrameOffsetVector": [0, 2, 2, 4, 6]}, "dose-no-geometry"),
        ({"GridFrameOffsetVector": [0, 2]}, "dose-no-geometry"),
        ({"DoseGridScaling": None}, "dose-no-scaling"),
        ({"DoseGridScaling": 0}, "dose-no-scaling"),
    ],
)
def test_a_dose_that_cannot_be_used_says_why(elements: dict[str, Any], code: str) -> None:
    data = changed(**elements)
    assert code in [finding.code for finding in read_dose_info(data, IMPLICIT_LITTLE).findings]
    with pytest.raises(DicomUnsupported):
        read_dose(data, IMPLICIT_LITTLE)


def test_what_is_only_odd_is_read_with_a_finding() -> None:
    info = read_dose_info(changed(DoseUnits="FURLONG"), IMPLICIT_LITTLE)
    assert {finding.code for finding in info.findings} == {"dose-no-plan", "dose-unit-unknown"}
    odd = read_dose(changed(GridFrameOffsetVector=[5, 7, 9, 11, 13]), IMPLICIT_LITTLE)
    assert "dose-offsets-odd" in [finding.code for finding in odd.info.findings]
    assert odd.geometry.offsets.tolist() == [0, 2, 4, 6, 8]


def test_offsets_may_be_missing_where_the_thickness_is_known() -> None:
    info = read_dose_info(changed(GridFrameOffsetVector=None, SliceThickness=2.5), IMPLICIT_LITTLE)
    assert info.geometry is not None
    assert info.geometry.offsets.tolist() == [0, 2.5, 5, 7.5, 10]


def test_too_few_pixels() -> None:
    with pytest.raises(DicomMalformed):
        read_dose(changed(Rows=4000), IMPLICIT_LITTLE)


def test_a_non_square_grid_is_not_transposed() -> None:
    dose = phantoms.opened_dose(DOSE_AT, extent=(30, 10, 20), spacing=(1, 2, 5))
    assert dose.values.shape == dose.geometry.shape == (5, 6, 31)
    assert dose.geometry.spacing == (1, 2)


def test_grids_coincide_or_not() -> None:
    one, same = phantoms.opened_dose(DOSE_AT), phantoms.opened_dose(DOSE_AT)
    moved = phantoms.opened_dose(DOSE_AT, shift=(0.5, 0, 0))
    assert one.geometry.same_as(same.geometry)
    assert not one.geometry.same_as(moved.geometry)
