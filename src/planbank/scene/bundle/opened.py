"""A bundle opened again: for what the server itself draws of it.

Comes in: descriptions and blobs as they lie in the archive. Goes out: dose grids, stored slices and
contours. What it reads is what the browser reads: there is no second way.
"""

from __future__ import annotations

import zlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from planbank.dicom.dose_grid import DoseGrid, DoseInfo, GridGeometry
from planbank.dicom.geometry import Axes
from planbank.scene.bundle.doses import NAMES

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    ReadRange = Callable[[int, int], bytes]
    """(offset, length) -> bytes of a part."""

_TYPES = {name: dtype for dtype, name in NAMES.items()}


def axes_in(about: dict[str, Any]) -> Axes:
    """The directions of a grid in a description."""
    return Axes(np.array(about["row"]), np.array(about["column"]), np.array(about["normal"]))


def open_dose(about: dict[str, Any], blob: bytes) -> DoseGrid:
    """A dose in Gy on its grid; right to the steps in which it was packed."""
    shape = len(about["positions"]), int(about["rows"]), int(about["columns"])
    left = np.frombuffer(zlib.decompress(blob), _TYPES[about["dtype"]]).reshape(shape)
    steps = np.cumsum(left, axis=2, dtype=left.dtype)
    geometry = GridGeometry(
        origin=np.array(about["origin"]),
        axes=axes_in(about),
        spacing=(float(about["spacing"][1]), float(about["spacing"][0])),
        offsets=np.array(about["positions"]),
        shape=shape,
    )
    values = (steps * np.float64(about["scale"])).astype(np.float32)
    return DoseGrid(_info(about, geometry), geometry, values)


def _info(about: dict[str, Any], geometry: GridGeometry) -> DoseInfo:
    return DoseInfo(
        sop_instance_uid="",
        frame_of_reference_uid=about["frame"],
        units="GY",
        type=about.get("type", ""),
        summation=about.get("summation", ""),
        comment="",
        plans=(),
        structure_set_uids=(),
        geometry=geometry,
        scaling=float(about["scale"]),
        stored_dvhs=0,
        heterogeneity_correction=(),
        manufacturer="",
        manufacturer_model_name="",
        findings=(),
    )


@dataclass(frozen=True, slots=True)
class Volume:
    """A volume of images whose slices are read when they are asked for."""

    about: dict[str, Any]
    read: ReadRange

    @property
    def shape(self) -> tuple[int, int, int]:
        """(slices, rows, columns)"""
        return len(self.about["slices"]), int(self.about["rows"]), int(self.about["columns"])

    def slice(self, number: int) -> NDArray[np.float32]:
        """(rows, columns) in the unit of the description."""
        offset, length = self.about["slices"][number]
        left = np.frombuffer(zlib.decompress(self.read(offset, length)), "<i2").reshape(self.shape[1:])
        stored = np.cumsum(left, axis=1, dtype=np.int16)
        return np.asarray(stored * np.float32(self.about["slope"]) + np.float32(self.about["intercept"]))


def open_contours(about: dict[str, Any], blob: bytes) -> dict[int, list[NDArray[np.float64]]]:
    """ROI number -> its closed contours (n, 3) in mm."""
    steps = np.frombuffer(zlib.decompress(blob), _TYPES["int16"] if about["dtype"] == "int16" else "<i4")
    points = np.array(about["origin"]) + steps.reshape(-1, 3) / about["steps"]
    return {
        roi["number"]: [points[first : first + count] for first, count in roi["contours"]]
        for roi in about["rois"]
    }
