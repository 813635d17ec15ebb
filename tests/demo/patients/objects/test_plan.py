"""Photon plans: weights, leaves, doses of the fractions."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from planbank.demo.patients import SyntheticPatient
from tests.demo.patients.reading import one


@pytest.mark.parametrize("name", ["tonsil", "breast", "prostate"])
def test_beams_are_whole(made: Callable[[str], SyntheticPatient], name: str) -> None:
    plan = one(made(name).objects, "RTPLAN")
    for beam in plan.BeamSequence:
        points = beam.ControlPointSequence
        assert len(points) == beam.NumberOfControlPoints
        weights = [float(point.CumulativeMetersetWeight) for point in points]
        assert weights[0] == 0
        assert weights[-1] == float(beam.FinalCumulativeMetersetWeight)
        assert weights == sorted(weights)
        pairs = next(
            d for d in beam.BeamLimitingDeviceSequence if d.RTBeamLimitingDeviceType == "MLCX"
        ).NumberOfLeafJawPairs
        for point in points:
            for device in point.get("BeamLimitingDevicePositionSequence") or []:
                if device.RTBeamLimitingDeviceType == "MLCX":
                    leaves = np.array(device.LeafJawPositions, dtype=float)
                    assert len(leaves) == 2 * pairs
                    assert np.all(leaves[:pairs] <= leaves[pairs:])


@pytest.mark.parametrize("name", ["tonsil", "breast", "prostate", "glioma"])
def test_the_fraction_group_adds_up(made: Callable[[str], SyntheticPatient], name: str) -> None:
    plan = one(made(name).objects, "RTPLAN")
    group = plan.FractionGroupSequence[0]
    prescribed = float(plan.DoseReferenceSequence[0].TargetPrescriptionDose)
    each = sum(float(beam.BeamDose) for beam in group.ReferencedBeamSequence)
    assert each * group.NumberOfFractionsPlanned == pytest.approx(prescribed, rel=1e-4)
    assert all(float(beam.BeamMeterset) > 0 for beam in group.ReferencedBeamSequence)
    assert group.NumberOfBeams == len(group.ReferencedBeamSequence)
    assert len(plan.RTPlanLabel) <= 16
    assert plan.ApprovalStatus == "APPROVED"


def test_arcs_go_round_and_tangents_stand(made: Callable[[str], SyntheticPatient]) -> None:
    arcs = one(made("tonsil").objects, "RTPLAN").BeamSequence
    assert [beam.BeamType for beam in arcs] == ["DYNAMIC", "DYNAMIC"]
    assert [beam.ControlPointSequence[0].GantryRotationDirection for beam in arcs] == ["CW", "CC"]
    first = [float(point.GantryAngle) for point in arcs[0].ControlPointSequence]
    assert np.allclose(np.diff(first) % 360, np.diff(first)[0] % 360, atol=0.11)
    tangents = one(made("breast").objects, "RTPLAN").BeamSequence
    assert [beam.BeamType for beam in tangents] == ["STATIC", "STATIC"]
    angles = [float(beam.ControlPointSequence[0].GantryAngle) for beam in tangents]
    assert 170 < abs(angles[0] - angles[1]) < 190
