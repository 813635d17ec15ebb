"""The proton plan: layers from deep to shallow, spots and weights that add up."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from planbank.demo.patients import SyntheticPatient
from tests.demo.patients.reading import one


def test_layers_spots_and_range_shifter(made: Callable[[str], SyntheticPatient]) -> None:
    plan, dose = (one(made("glioma").objects, m) for m in ("RTPLAN", "RTDOSE"))
    assert plan.SOPClassUID == "1.2.840.10008.5.1.4.1.1.481.8"
    assert dose.DoseType == "EFFECTIVE"
    group = plan.FractionGroupSequence[0].ReferencedBeamSequence
    assert len(plan.IonBeamSequence) == len(group) == 3
    for beam, referenced in zip(plan.IonBeamSequence, group, strict=True):
        points = beam.IonControlPointSequence
        assert len(points) == beam.NumberOfControlPoints
        energies = [float(point.NominalBeamEnergy) for point in points]
        assert energies == sorted(energies, reverse=True)
        assert 70 < energies[-1] < energies[0] < 230
        total = 0.0
        for point in points:
            assert float(point.CumulativeMetersetWeight) == pytest.approx(total, abs=1e-3)
            assert len(point.ScanSpotPositionMap) == 2 * point.NumberOfScanSpotPositions
            assert len(point.ScanSpotMetersetWeights) == point.NumberOfScanSpotPositions
            total += sum(point.ScanSpotMetersetWeights)
        assert total == pytest.approx(float(beam.FinalCumulativeMetersetWeight), rel=1e-4)
        assert total == pytest.approx(float(referenced.BeamMeterset), rel=1e-4)
        assert beam.RangeShifterSequence[0].RangeShifterNumber == 1
        assert points[0].RangeShifterSettingsSequence[0].RangeShifterSetting == "IN"
