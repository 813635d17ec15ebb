"""Techniques told from what moves while the beam is on."""

from __future__ import annotations

from typing import Any

import pytest
from pydicom.dataset import Dataset

from planbank.dicom.beams import Beam, read_beam
from planbank.dicom.encoding import IMPLICIT_LITTLE
from planbank.dicom.items import read_items
from tests.dose.phantoms import encode


def point(weight: float, gantry: float | None = None, leaves: float | None = None, **more: Any) -> Dataset:
    item = Dataset()
    item.CumulativeMetersetWeight = weight
    if gantry is not None:
        item.GantryAngle = gantry
    if leaves is not None:
        device = Dataset()
        device.RTBeamLimitingDeviceType, device.LeafJawPositions = "MLCX", [-leaves, leaves]
        item.BeamLimitingDevicePositionSequence = [device]
    for keyword, value in more.items():
        setattr(item, keyword, value)
    return item


def beam(points: list[Dataset], sequence: str = "ControlPointSequence", **more: Any) -> Beam:
    item, outer = Dataset(), Dataset()
    item.BeamNumber, item.RadiationType = 1, "PHOTON"
    setattr(item, sequence, points)
    for keyword, value in more.items():
        setattr(item, keyword, value)
    outer.BeamSequence = [item]
    (opened,) = read_items(encode(outer), IMPLICIT_LITTLE).items("BeamSequence")
    return read_beam(opened)


ARC = {"GantryRotationDirection": "CW"}


@pytest.mark.parametrize(
    ("points", "technique"),
    [
        ([point(0, 0, 10), point(1)], "static"),
        ([point(0, 0), point(1)], "static"),
        ([point(0, 0, 10), point(0.5), point(0.5, None, 20), point(1)], "field in field"),
        ([p for n in range(7) for p in (point(n / 7, None, n + 1), point((n + 1) / 7))], "IMRT"),
        ([point(0, 0, 10), point(0.5, None, 20), point(1, None, 30)], "IMRT"),
        ([point(0, 180, 10, **ARC), point(0.5, 270), point(1, 0)], "arc"),
        ([point(0, 180, 10, **ARC), point(0.5, 270, 20), point(1, 0, 30)], "VMAT"),
        (
            [
                point(0, 350, 5, TableTopLongitudinalPosition=1, **ARC),
                point(0.5, 120, 6, TableTopLongitudinalPosition=2),
                point(1, 240, 7, TableTopLongitudinalPosition=3),
            ],
            "helical",
        ),
    ],
)
def test_photon_techniques(points: list[Dataset], technique: str) -> None:
    assert beam(points).technique == technique


@pytest.mark.parametrize(
    ("direction", "angles", "arc"),
    [("CW", (350, 10), 20), ("CC", (10, 350), 20), ("CW", (182, 180), 358), ("CC", (181, 179), 2)],
)
def test_the_way_a_gantry_goes(direction: str, angles: tuple[float, float], arc: float) -> None:
    found = beam([point(0, angles[0], GantryRotationDirection=direction), point(1, angles[1])])
    assert (found.gantry_start, found.gantry_stop, found.arc) == (*angles, arc)


@pytest.mark.parametrize(
    ("mode", "technique"),
    [("MODULATED", "PBS"), ("NONE", "scattered"), ("UNIFORM", "uniform scanning"), ("", "")],
)
def test_ion_beams(mode: str, technique: str) -> None:
    points = [point(0, 90, NominalBeamEnergy=150.2), point(5, NominalBeamEnergy=70)]
    found = beam(points, "IonControlPointSequence", RadiationType="PROTON", ScanMode=mode)
    assert found.technique == technique
    assert found.energies == ("70-150.2 MeV",)


def test_energies() -> None:
    mode = Dataset()
    mode.FluenceMode, mode.FluenceModeID = "NON_STANDARD", "FFF"
    first = point(0, 0, NominalBeamEnergy=10)
    assert beam([first, point(1)]).energies == ("10 MV",)
    assert beam([first, point(1)], PrimaryFluenceModeSequence=[mode]).energies == ("10 MV FFF",)
    assert beam([first, point(1)], RadiationType="ELECTRON").energies == ("10 MeV",)


def test_a_bare_beam_is_no_error() -> None:
    found = beam([])
    assert (found.technique, found.energies, found.gantry_start, found.control_points) == (
        "static",
        (),
        None,
        0,
    )
    assert found.treats
    assert not beam([], TreatmentDeliveryType="SETUP").treats
