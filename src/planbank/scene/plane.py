"""The plane of an image: patient coordinates (mm) to pixels and back.

Comes in: an `ImagePlane` (DICOM PS3.3 section C.7.6.2). Goes out: a `Frame` with both maps. Pixel
coordinates count from the centre of the first pixel, x along a row, y down the columns.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from planbank.errors import DicomUnsupported

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from planbank.dicom.geometry import Axes
    from planbank.dicom.images import ImagePlane


@dataclass(frozen=True, slots=True, eq=False)
class Frame:
    """Where an image lies: `spacing` is (along a row, down the columns) in mm."""

    origin: NDArray[np.float64]
    axes: Axes
    spacing: tuple[float, float]
    shape: tuple[int, int]

    @property
    def position(self) -> float:
        """mm along the normal."""
        return float(self.axes.normal @ self.origin)

    def to_pixels(self, points: NDArray[np.float64]) -> NDArray[np.float64]:
        """(n, 3) mm -> (n, 2) pixels (x, y); the distance from the plane is ignored."""
        local = points - self.origin
        return np.stack(
            [local @ self.axes.across / self.spacing[0], local @ self.axes.down / self.spacing[1]], axis=-1
        )

    def distance(self, points: NDArray[np.float64]) -> NDArray[np.float64]:
        """(n, 3) mm -> (n,) mm above the plane."""
        distance: NDArray[np.float64] = points @ self.axes.normal - self.position
        return distance

    def grid(self, step: float) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
        """Points of the plane every `step` mm: pixel x (nx,), pixel y (ny,), patient (ny, nx, 3)."""
        x = np.arange(0.0, self.shape[1] - 1 + 1e-6, step / self.spacing[0])
        y = np.arange(0.0, self.shape[0] - 1 + 1e-6, step / self.spacing[1])
        across = np.multiply.outer(x * self.spacing[0], self.axes.across)
        down = np.multiply.outer(y * self.spacing[1], self.axes.down)
        return x, y, self.origin + down[:, None, :] + across[None, :, :]


def frame_of(image: ImagePlane) -> Frame:
    """The plane of an image. Raises DicomUnsupported where it does not say where it lies."""
    if image.axes is None or image.origin is None or not image.spacing or not image.rows or not image.columns:
        raise DicomUnsupported("The image does not say where it lies in the patient.")
    between_rows, between_columns = image.spacing
    return Frame(
        origin=np.array(image.origin),
        axes=image.axes,
        spacing=(between_columns, between_rows),
        shape=(image.rows, image.columns),
    )
