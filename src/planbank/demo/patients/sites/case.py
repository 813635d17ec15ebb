"""A case: one body with its targets, structures, beams and prescription, in patient coordinates.

Comes in: an anatomy and choices. Goes out: what the DICOM writers and the dose need.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from ..anatomy.body import Anatomy, Layer
from ..geometry.shapes import Array, Point, Shape

DoseModel = Callable[["Case", Array, Array, Array], list[Array]]


@dataclass(frozen=True, slots=True)
class Beam:
    """One beam; angles in IEC 61217 degrees, energy in MV or MeV; an arc runs from `gantry` to `stop`."""

    name: str
    gantry: float
    stop: float | None = None
    direction: str = "NONE"
    collimator: float = 0.0
    energy: float = 6.0


@dataclass(frozen=True, slots=True)
class Roi:
    """One structure to draw: a shape, a point, or neither (an empty ROI)."""

    key: str
    shape: Shape | None = None
    point: Point | None = None
    name: str | None = None


@dataclass(frozen=True, slots=True)
class Prescription:
    """Dose levels in Gy by target key, highest first, given in `fractions`."""

    levels: tuple[tuple[str, float], ...]
    fractions: int

    @property
    def dose(self) -> float:
        """The highest level in Gy."""
        return self.levels[0][1]


@dataclass(frozen=True, slots=True)
class Case:
    """Everything about one patient's plan but its DICOM form; `window` is (z lowest, z highest) in mm."""

    site: str
    anatomy: Anatomy
    rois: tuple[Roi, ...]
    prescription: Prescription
    beams: tuple[Beam, ...]
    isocentre: Point
    spared: tuple[tuple[str, float], ...]
    dose_model: DoseModel
    window: tuple[float, float]
    field_of_view: float
    supports: tuple[Layer, ...]
    label: str
    technique: str
    body_part: str
    particle: str = "PHOTON"

    def target(self, key: str) -> Shape:
        """The shape of a target or organ."""
        return self.anatomy.organs[key]


def listed(anatomy: Anatomy, keys: tuple[str, ...], isocentre: Point, total: int = 0) -> tuple[Roi, ...]:
    """The ROIs of some keys and the isocentre, filled up to `total` with rings about the highest target."""
    rois = [Roi(key, anatomy.organs[key]) for key in keys if key in anatomy.organs]
    rois.append(Roi("isocentre", point=isocentre))
    ring = 0
    while len(rois) < total:
        ring += 1
        around = anatomy.organs["ptv_high"]
        layer = (around.grown(4.0 * ring + 4) - around.grown(4.0 * ring)) & anatomy.outline.grown(-2)
        rois.append(Roi(f"zRing_{4 * ring:02d}mm", layer))
    return tuple(rois)


def middle_of(shape: Shape) -> Point:
    """The middle of a shape's box, to the whole mm."""
    x, y, z = (float(round((a + b) / 2)) for a, b in zip(shape.lo, shape.hi, strict=True))
    return x, y, z
