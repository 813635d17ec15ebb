"""Pictures of a plan agree with the numbers (R100; ui.md, check 7 and 8)."""

from __future__ import annotations

import struct
import zlib

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from planbank.dicom.dose_grid import read_dose
from planbank.dicom.images import read_image
from planbank.dicom.structure_set import read_structure_set
from planbank.dose.isodoses import dose_at
from planbank.dose.sampling import field_of
from planbank.errors import DicomUnsupported
from planbank.scene.grey import greys, png
from planbank.scene.lines import isodoses, outlines
from planbank.scene.middle_slice import choose, middle_slice, target_point
from planbank.scene.plane import frame_of
from tests.made import made
from tests.sending import encoded

EXPLICIT = "1.2.840.10008.1.2.1"


@pytest.fixture(scope="module")
def patient() -> dict[str, list[bytes]]:
    found: dict[str, list[bytes]] = {}
    for ds in made("prostate", seed=5):
        found.setdefault(str(ds.Modality), []).append(encoded(ds))
    return found


def test_png_is_what_it_was_made_of() -> None:
    picture = np.arange(60, dtype=np.uint8).reshape(5, 12)
    data = png(picture)
    assert data[:8] == b"\x89PNG\r\n\x1a\n"
    width, height, depth, colour = struct.unpack(">IIBB", data[16:26])
    assert (width, height, depth, colour) == (12, 5, 8, 0)
    start = data.index(b"IDAT") + 4
    raw = np.frombuffer(zlib.decompress(data[start:]), np.uint8).reshape(5, 13)
    assert (raw[:, 0] == 2).all()
    assert (np.cumsum(raw[:, 1:], axis=0, dtype=np.uint8) == picture).all()


def test_the_window_maps_its_ends_to_black_and_white() -> None:
    values = np.array([[-160.0, 40.0, 240.0, 3000.0, -1000.0]])
    assert greys(values, (40.0, 400.0)).tolist() == [[0, 127, 255, 255, 0]]


@given(st.lists(st.floats(-500, 500), min_size=1, max_size=20), st.floats(-600, 600))
def test_the_nearest_image_is_chosen(positions: list[float], wanted: float) -> None:
    planes = dict(enumerate(positions))
    key = choose(planes, wanted)
    assert key is not None
    assert abs(planes[key] - wanted) == min(abs(p - wanted) for p in positions)


def test_pixels_and_patient_coordinates_are_inverse(patient: dict[str, list[bytes]]) -> None:
    frame = frame_of(read_image(patient["CT"][0], EXPLICIT))
    x, y, points = frame.grid(7.0)
    pixels = frame.to_pixels(points.reshape(-1, 3)).reshape(*points.shape[:2], 2)
    assert np.allclose(pixels[..., 0], x[None, :])
    assert np.allclose(pixels[..., 1], y[:, None])
    assert np.allclose(frame.distance(points.reshape(-1, 3)), 0, atol=1e-9)


def test_contours_off_by_a_hundredth_of_a_millimetre_are_drawn(patient: dict[str, list[bytes]]) -> None:
    structure_set = read_structure_set(patient["RTSTRUCT"][0], EXPLICIT)
    image = patient["CT"][len(patient["CT"]) // 2]
    frame = frame_of(read_image(image, EXPLICIT))
    before = {o.number: len(o.lines) for o in outlines(structure_set, frame, 1.5)}
    assert before
    frame.origin[:] += 0.01 * frame.axes.normal
    assert {o.number: len(o.lines) for o in outlines(structure_set, frame, 1.5)} == before
    frame.origin[:] += 500 * frame.axes.normal
    assert outlines(structure_set, frame, 1.5) == []


def test_an_isodose_sampled_in_the_dose_is_at_its_level(patient: dict[str, list[bytes]]) -> None:
    """ui.md, check 8: every point of every line within 0.1 Gy, sampled by the engine."""
    dose = read_dose(patient["RTDOSE"][0], EXPLICIT)
    structure_set = read_structure_set(patient["RTSTRUCT"][0], EXPLICIT)
    point = target_point(structure_set)
    assert point is not None
    images = [read_image(data, EXPLICIT) for data in patient["CT"]]
    near = min(images, key=lambda i: abs((i.position or 0) - point[2]))
    frame, field = frame_of(near), field_of([dose])
    levels = [part * dose.maximum for part in (0.95, 0.5, 0.25)]
    for found in isodoses(field, frame, levels):
        assert found.lines
        for pixels in found.lines:
            mm = frame.origin + np.outer(pixels[:, 0] * frame.spacing[0], frame.axes.across)
            mm += np.outer(pixels[:, 1] * frame.spacing[1], frame.axes.down)
            local = mm @ frame.axes.matrix.T
            there = dose_at(field, frame.axes, local[:, 0], local[:, 1], float(local[0, 2]))
            assert np.nanmax(np.abs(there - found.gy)) < 0.1


def test_a_slice_without_structures_or_dose_is_still_a_picture(patient: dict[str, list[bytes]]) -> None:
    picture = middle_slice(patient["CT"][0], EXPLICIT, None)
    assert picture.png.startswith(b"\x89PNG") and not picture.outlines and not picture.isodoses


def test_an_image_that_does_not_say_where_it_lies_is_refused_in_words() -> None:
    from tests.sending import ct

    with pytest.raises(DicomUnsupported, match="where it lies"):
        middle_slice(encoded(ct()), EXPLICIT, None)
