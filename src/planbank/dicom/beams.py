"""Beams of a plan: photons, electrons, ions, read from their control points.

Comes in: an item of Beam Sequence or Ion Beam Sequence. Goes out: a `Beam` with machine,
energies, angles and a technique derived from what moves while the beam is on. Source:
DICOM PS3.3 sections C.8.8.14 and C.8.8.25.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from planbank.dicom.items import Item

MAX_FIELD_IN_FIELD = 5
"""Up to this many separate leaf settings at one gantry angle count as forward planned."""

_MOVING = 1.0
"""Least gantry travel in degrees that makes an arc."""


@dataclass(frozen=True, slots=True)
class Beam:
    """One beam. What the object does not say is None or "".

    Attributes:
        delivery_type: 'TREATMENT', 'SETUP', ... as written; absent counts as treatment.
        technique: 'static', 'field in field', 'IMRT', 'arc', 'VMAT', 'helical', 'PBS',
            'scattered', 'uniform scanning' or ''.
        energies: labels such as '6 MV', '10 MV FFF', '9 MeV', '70-149 MeV'.
        gantry_start, gantry_stop, arc: degrees; `arc` is the travel, 0 for a fixed gantry.
        segments: number of different leaf settings.
        isocentre: mm in patient coordinates, of the first control point.
    """

    number: int | None
    name: str
    description: str
    type: str
    radiation: str
    delivery_type: str
    technique: str
    machine: str
    energies: tuple[str, ...]
    gantry_start: float | None
    gantry_stop: float | None
    gantry_direction: str
    arc: float
    couch_angle: float | None
    collimator_angle: float | None
    segments: int
    control_points: int
    meterset_unit: str
    isocentre: tuple[float, float, float] | None = None

    @property
    def treats(self) -> bool:
        """Whether the beam gives dose (setup and portal beams do not)."""
        return self.delivery_type in ("", "TREATMENT", "CONTINUATION")


@dataclass(frozen=True, slots=True)
class _Motion:
    """What happens over the control points while meterset is delivered."""

    angles: tuple[float, ...]
    shapes: int
    continuous: bool
    couch_moves: bool
    travel: float


def read_beam(item: Item) -> Beam:
    """Read one beam; never raises for absent or odd values."""
    ion = not item.has("ControlPointSequence") and item.has("IonControlPointSequence")
    points = item.items("IonControlPointSequence" if ion else "ControlPointSequence")
    start = points[0] if points else item
    motion = _motion(points, ion)
    radiation = item.text("RadiationType").upper()
    return Beam(
        number=item.integer("BeamNumber"),
        name=item.text("BeamName"),
        description=item.text("BeamDescription"),
        type=item.text("BeamType").upper(),
        radiation=radiation,
        delivery_type=item.text("TreatmentDeliveryType").upper(),
        technique=_ion_technique(item) if ion else _photon_technique(motion),
        machine=item.text("TreatmentMachineName"),
        energies=_energies(item, points, radiation, ion),
        gantry_start=motion.angles[0] if motion.angles else None,
        gantry_stop=motion.angles[-1] if motion.angles else None,
        gantry_direction=start.text("GantryRotationDirection").upper(),
        arc=round(motion.travel, 3),
        couch_angle=start.number("PatientSupportAngle"),
        collimator_angle=start.number("BeamLimitingDeviceAngle"),
        segments=motion.shapes,
        control_points=len(points),
        meterset_unit=item.text("PrimaryDosimeterUnit").upper(),
        isocentre=_isocentre(points),
    )


def _isocentre(points: list[Item]) -> tuple[float, float, float] | None:
    place = points[0].numbers("IsocenterPosition") if points else None
    return (place[0], place[1], place[2]) if place and len(place) == 3 else None


def _motion(points: list[Item], ion: bool) -> _Motion:
    """Follow gantry, leaves and couch; a value that is not repeated stays as it was."""
    angles: list[float] = []
    shapes: set[bytes] = set()
    travel, moving_steps, couch = 0.0, 0, set()
    direction, leaves, last_leaves, last_weight = "NONE", b"", b"", None
    for point in points:
        angle = point.number("GantryAngle")
        if angle is not None and angles:
            travel += _step(angles[-1], angle, direction)
        if angle is not None:
            angles.append(angle)
        direction = point.text("GantryRotationDirection").upper() or direction
        position = point.number("TableTopLongitudinalPosition")
        if position is not None:
            couch.add(position)
        leaves = leaves if ion else _leaves(point) or leaves
        weight = point.number("CumulativeMetersetWeight")
        beam_on = last_weight is not None and weight is not None and weight > last_weight
        if beam_on:
            shapes.update((leaves, last_leaves))
            moving_steps += leaves != last_leaves
        last_leaves, last_weight = leaves, weight if weight is not None else last_weight
    return _Motion(tuple(angles), len(shapes - {b""}), moving_steps > 0, len(couch) > 2, travel)


def _step(start: float, stop: float, direction: str) -> float:
    """Degrees travelled from one control point to the next."""
    if direction == "NONE" and abs(stop - start) < _MOVING:
        return 0.0
    turn = (stop - start) % 360.0
    if direction.startswith("CC"):
        return (start - stop) % 360.0
    return turn if direction == "CW" else min(turn, 360.0 - turn)


def _leaves(point: Item) -> bytes:
    """The leaf positions of a control point as written; jaws do not count."""
    for device in point.each("BeamLimitingDevicePositionSequence"):
        if device.text("RTBeamLimitingDeviceType").upper().startswith("MLC"):
            return device.raw("LeafJawPositions")
    return b""


def _photon_technique(motion: _Motion) -> str:
    if motion.travel >= _MOVING:
        if motion.couch_moves:
            return "helical"
        return "VMAT" if motion.continuous else "arc"
    if motion.continuous:
        return "IMRT"
    if motion.shapes > MAX_FIELD_IN_FIELD:
        return "IMRT"
    return "field in field" if motion.shapes > 1 else "static"


def _ion_technique(item: Item) -> str:
    mode = item.text("ModulatedScanModeType") or item.text("ScanMode")
    names = {"NONE": "scattered", "UNIFORM": "uniform scanning", "": ""}
    return names.get(mode.upper(), "PBS")


def _energies(item: Item, points: list[Item], radiation: str, ion: bool) -> tuple[str, ...]:
    values = [point.number("NominalBeamEnergy") for point in points]
    known = sorted({value for value in values if value is not None})
    if not known:
        return ()
    if ion:
        low, high = known[0], known[-1]
        unit = "MeV" if radiation == "PROTON" else "MeV/u"
        return (f"{low:.4g} {unit}" if low == high else f"{low:.4g}-{high:.4g} {unit}",)
    unit = "MeV" if radiation == "ELECTRON" else "MV"
    mode = item.first("PrimaryFluenceModeSequence")
    flat = mode is None or mode.text("FluenceMode").upper() != "NON_STANDARD"
    suffix = "" if flat else f" {mode.text('FluenceModeID') or 'FFF'}" if mode else ""
    return tuple(f"{value:.4g} {unit}{suffix}" for value in known)
