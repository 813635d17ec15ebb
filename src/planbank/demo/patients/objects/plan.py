"""The RT Plan of a photon case: arcs or static fields, prescription, fractions.

Comes in: a `Case`, a `Study` and the drawn structure set. Goes out: the data set.
"""

from __future__ import annotations

import numpy as np
from pydicom.dataset import Dataset, FileDataset
from pydicom.uid import RTPlanStorage

from ..geometry.shapes import Array
from ..sites.case import Beam, Case
from .apertures import SOURCE_AXIS, Aperture, Points, beam_view, fit, leaf_boundaries, surface
from .prescription import add_prescription, begin_plan
from .structure_set import Drawn
from .study import LEAF_JAW_POSITIONS, Study, put_decimals


def photon_plan(
    case: Case, study: Study, drawn: Drawn, planes: Array, shares: list[float], *, fine: bool = False
) -> FileDataset:
    """Arcs or tangents; `shares` is each beam's part of the dose, planes the z of the slices in mm.

    Arcs have a control point every 10 degrees, or every 2 when `fine`.
    """
    ds = begin_plan(case, study, drawn, str(RTPlanStorage))
    add_prescription(ds, case, study, drawn, shares)
    points = surface(drawn.contours[case.prescription.levels[-1][0]], planes)
    rng = np.random.default_rng([case.anatomy.build.seed, 90])
    ds.BeamSequence = [
        _beam(case, study, beam, number, points, rng, 2 if fine else 10)
        for number, beam in enumerate(case.beams, 1)
    ]
    return ds


def _beam(
    case: Case, study: Study, beam: Beam, number: int, points: Points, rng: np.random.Generator, step: int
) -> Dataset:
    item = Dataset()
    item.BeamNumber, item.BeamName = number, beam.name
    item.BeamType = "DYNAMIC" if beam.stop is not None else "STATIC"
    item.RadiationType, item.TreatmentMachineName = "PHOTON", study.habits.machines[0]
    item.Manufacturer, item.PrimaryDosimeterUnit = study.habits.manufacturer, "MU"
    item.SourceAxisDistance, item.TreatmentDeliveryType = f"{SOURCE_AXIS:.0f}", "TREATMENT"
    boundaries = leaf_boundaries(study.habits.leaf_pairs)
    item.BeamLimitingDeviceSequence = _devices(boundaries)
    item.ReferencedPatientSetupNumber = item.ReferencedToleranceTableNumber = 1
    item.NumberOfWedges = item.NumberOfCompensators = item.NumberOfBoli = item.NumberOfBlocks = 0
    item.FinalCumulativeMetersetWeight = "1"
    angles = _angles(beam, step)
    item.NumberOfControlPoints = len(angles)
    item.ControlPointSequence = []
    for index, gantry in enumerate(angles):
        view = beam_view(points, case.isocentre, gantry, beam.collimator)
        # An arc closes leaves into the target; a static field keeps its shape and opens over the skin.
        squeeze = rng.uniform(0, 0.28, (2, len(boundaries) - 1)) if beam.stop is not None else None
        front = 0 if beam.stop is not None else (-1 if np.sin(np.radians(gantry)) > 0 else 1)
        point = _control_point(
            beam, index, index / (len(angles) - 1), gantry, fit(view, boundaries, squeeze, front)
        )
        if index == 0:
            _first(point, case, beam)
        item.ControlPointSequence.append(point)
    return item


def _angles(beam: Beam, step: int) -> list[float]:
    if beam.stop is None:
        return [beam.gantry, beam.gantry]
    swing = (beam.stop - beam.gantry) % 360 if beam.direction == "CW" else -((beam.gantry - beam.stop) % 360)
    count = round(abs(swing) / step) + 1
    return [round(float(angle) % 360, 1) for angle in np.linspace(beam.gantry, beam.gantry + swing, count)]


def _devices(boundaries: Points) -> list[Dataset]:
    devices = []
    for kind, pairs in (("ASYMX", 1), ("ASYMY", 1), ("MLCX", len(boundaries) - 1)):
        device = Dataset()
        device.RTBeamLimitingDeviceType, device.NumberOfLeafJawPairs = kind, pairs
        if kind == "MLCX":
            device.LeafPositionBoundaries = [f"{v:.0f}" for v in boundaries]
        devices.append(device)
    return devices


def _control_point(beam: Beam, index: int, weight: float, gantry: float, aperture: Aperture) -> Dataset:
    point = Dataset()
    point.ControlPointIndex, point.CumulativeMetersetWeight = index, f"{weight:.6f}"
    if beam.stop is None and index:
        return point  # nothing moves: only the weight is new
    moving = beam.stop is not None
    last = moving and weight == 1
    point.GantryAngle = f"{gantry:.1f}"
    point.GantryRotationDirection = beam.direction if moving and not last else "NONE"
    rows = [("MLCX", "\\".join(f"{v:.1f}" for v in aperture.leaves))]
    if index == 0:
        rows = [("ASYMX", _pair(aperture.x)), ("ASYMY", _pair(aperture.y)), *rows]
    point.BeamLimitingDevicePositionSequence = []
    for kind, text in rows:
        device = Dataset()
        device.RTBeamLimitingDeviceType = kind
        put_decimals(device, LEAF_JAW_POSITIONS, text)
        point.BeamLimitingDevicePositionSequence.append(device)
    return point


def _pair(ends: tuple[float, float]) -> str:
    return f"{ends[0]:.1f}\\{ends[1]:.1f}"


def _first(point: Dataset, case: Case, beam: Beam) -> None:
    """What stands in the first control point and holds for the beam (PS3.3 C.8.8.14)."""
    point.NominalBeamEnergy, point.DoseRateSet = f"{beam.energy:.0f}", "600"
    point.BeamLimitingDeviceAngle = f"{beam.collimator:.1f}"
    point.BeamLimitingDeviceRotationDirection = "NONE"
    point.PatientSupportAngle, point.PatientSupportRotationDirection = "0", "NONE"
    point.TableTopEccentricAngle, point.TableTopEccentricRotationDirection = "0", "NONE"
    point.TableTopVerticalPosition = point.TableTopLongitudinalPosition = point.TableTopLateralPosition = None
    point.IsocenterPosition = [f"{v:.1f}" for v in case.isocentre]
