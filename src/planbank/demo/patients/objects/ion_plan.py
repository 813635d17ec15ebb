"""The RT Ion Plan of a proton case: modulated scanning, one pair of control points per energy layer.

Comes in: a `Case`, a `Study` and the drawn structure set. Goes out: the data set.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from pydicom.dataset import Dataset, FileDataset
from pydicom.uid import RTIonPlanStorage

from ..geometry.shapes import Array
from ..sites.case import Beam, Case
from .apertures import Points, beam_view, surface
from .prescription import add_prescription, begin_plan, meterset_per_gray
from .structure_set import Drawn
from .study import Study

SPOT = 6.0  # mm between spots
Spots = NDArray[np.float64]


def proton_plan(case: Case, study: Study, drawn: Drawn, planes: Array, shares: list[float]) -> FileDataset:
    """Three scanned fields; `shares` is each field's part of the dose, planes the z of the slices in mm."""
    ds = begin_plan(case, study, drawn, str(RTIonPlanStorage))
    add_prescription(ds, case, study, drawn, shares)
    points = surface(drawn.contours[case.prescription.levels[0][0]], planes)
    each = case.prescription.dose / case.prescription.fractions * meterset_per_gray(case)
    ds.IonBeamSequence = [
        _beam(case, study, beam, number, points, each * share)
        for number, (beam, share) in enumerate(zip(case.beams, shares, strict=True), 1)
    ]
    return ds


def _beam(case: Case, study: Study, beam: Beam, number: int, points: Points, meterset: float) -> Dataset:
    item = Dataset()
    item.BeamNumber, item.BeamName, item.BeamType = number, beam.name, "STATIC"
    item.RadiationType, item.ScanMode, item.ModulatedScanModeType = "PROTON", "MODULATED", "STATIONARY"
    item.TreatmentMachineName, item.PrimaryDosimeterUnit = "Proton gantry 1", "MU"
    item.Manufacturer, item.TreatmentDeliveryType = study.habits.manufacturer, "TREATMENT"
    item.VirtualSourceAxisDistances = [2150.0, 1840.0]
    item.NumberOfWedges = item.NumberOfCompensators = item.NumberOfBoli = item.NumberOfBlocks = 0
    item.NumberOfLateralSpreadingDevices = item.NumberOfRangeModulators = 0
    item.NumberOfRangeShifters, item.PatientSupportType = 1, "TABLE"
    item.RangeShifterSequence = [_range_shifter()]
    item.SnoutSequence = [_snout()]
    item.ReferencedPatientSetupNumber = item.ReferencedToleranceTableNumber = 1
    item.FinalCumulativeMetersetWeight = f"{meterset:.4f}"
    layers = _layers(beam_view(points, case.isocentre, beam.gantry, 0.0), _energies(points, case, beam))
    total = sum(float(weights.sum()) for _, _, weights in layers)
    item.NumberOfControlPoints = 2 * len(layers)
    item.IonControlPointSequence = []
    sent = 0.0
    for index, (energy, spots, weights) in enumerate(layers):
        weights = weights * meterset / total
        for half in (0, 1):
            point = _control_point(2 * index + half, sent, energy, spots, weights * (1 - half))
            if not index and not half:
                _first(point, case, beam)
            item.IonControlPointSequence.append(point)
            sent += float(weights.sum()) * (1 - half)
    return item


def _range_shifter() -> Dataset:
    item = Dataset()
    item.RangeShifterNumber, item.RangeShifterID, item.RangeShifterType = 1, "RS 40 mm", "BINARY"
    return item


def _snout() -> Dataset:
    item = Dataset()
    item.SnoutID = "Snout S"
    return item


def _energies(points: Points, case: Case, beam: Beam) -> list[float]:
    """Layers from the deep end in MeV: range in water 0.022 E^1.77 mm, 40 mm of it in the range shifter."""
    angle = np.radians(beam.gantry)
    dx, dy = points[:, 0] - case.isocentre[0], points[:, 1] - case.isocentre[1]
    towards = dx * np.sin(angle) - dy * np.cos(angle)
    surface_depth = 62.0  # mm from skin to isocentre, for a tumour of the temporal lobe
    deep, shallow = surface_depth - towards.min() + 40, surface_depth - towards.max() + 40
    depths = np.arange(deep, max(shallow, 42), -6.0)
    return [round(float((depth / 0.022) ** (1 / 1.77)), 2) for depth in depths]


def _layers(view: Points, energies: list[float]) -> list[tuple[float, Spots, Spots]]:
    """Energy, spot positions (n, 2) in mm and weights; the deepest layer weighs most."""
    low, high = view.min(axis=0), view.max(axis=0)
    middle, half = (low + high) / 2, (high - low) / 2 + 5
    xs, ys = (np.arange(-np.floor(h / SPOT), np.floor(h / SPOT) + 1) * SPOT for h in half)
    layers = []
    for k, energy in enumerate(energies):
        size = half * (0.72 + 0.28 * np.sin(np.pi * (k + 0.7) / (len(energies) + 0.4)))
        grid = np.array([(x, y) for j, y in enumerate(ys) for x in (xs if j % 2 else xs[::-1])])
        spots = grid[((grid / size) ** 2).sum(axis=1) <= 1] + middle
        layers.append(
            (
                energy,
                np.round(spots, 1),
                np.full(len(spots), 1.0 if k == 0 else 0.45 - 0.25 * k / len(energies)),
            )
        )
    return layers


def _control_point(index: int, sent: float, energy: float, spots: Spots, weights: Spots) -> Dataset:
    point = Dataset()
    point.ControlPointIndex, point.CumulativeMetersetWeight = index, f"{sent:.6f}"
    point.NominalBeamEnergy, point.ScanSpotTuneID = f"{energy:.2f}", "Spot 4 mm"
    point.NumberOfScanSpotPositions, point.NumberOfPaintings = len(spots), 1
    point.ScanSpotPositionMap = [float(v) for v in spots.ravel()]
    point.ScanSpotMetersetWeights = [float(v) for v in weights]
    point.ScanningSpotSize = [9.5, 9.5]
    return point


def _first(point: Dataset, case: Case, beam: Beam) -> None:
    """What stands in the first control point and holds for the beam (PS3.3 C.8.8.25)."""
    point.GantryAngle, point.GantryRotationDirection = f"{beam.gantry:.1f}", "NONE"
    point.BeamLimitingDeviceAngle, point.BeamLimitingDeviceRotationDirection = "0", "NONE"
    point.PatientSupportAngle, point.PatientSupportRotationDirection = "0", "NONE"
    point.TableTopPitchAngle, point.TableTopPitchRotationDirection = 0.0, "NONE"
    point.TableTopRollAngle, point.TableTopRollRotationDirection = 0.0, "NONE"
    point.GantryPitchAngle, point.GantryPitchRotationDirection = 0.0, "NONE"
    point.TableTopVerticalPosition = point.TableTopLongitudinalPosition = point.TableTopLateralPosition = None
    point.IsocenterPosition, point.SnoutPosition = [f"{v:.1f}" for v in case.isocentre], 350.0
    settings = Dataset()
    settings.ReferencedRangeShifterNumber, settings.RangeShifterSetting = 1, "IN"
    settings.IsocenterToRangeShifterDistance, settings.RangeShifterWaterEquivalentThickness = 380.0, 40.0
    point.RangeShifterSettingsSequence = [settings]
