"""The beams of a plan as lines through the patient.

Comes in: a plan. Goes out: a `Packed` without a blob: isocentres and angles (IEC 61217, degrees).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from planbank.scene.bundle.parts import Packed, frame_mark, plain

if TYPE_CHECKING:
    from planbank.dicom.beams import Beam
    from planbank.dicom.plan import Plan


def pack_beams(plan: Plan) -> Packed:
    """Beams that give dose and say where their isocentre lies."""
    beams = [_beam(beam) for beam in plan.treatment_beams if beam.isocentre is not None]
    return Packed({"beams": beams}, b"", frame_mark(plan.frame_of_reference_uid))


def _beam(beam: Beam) -> dict[str, Any]:
    turns = beam.arc > 0
    return {
        "number": beam.number,
        "kind": beam.technique,
        "radiation": beam.radiation,
        "isocentre": plain(beam.isocentre or (), 3),
        "gantry": [beam.gantry_start, beam.gantry_stop] if turns else beam.gantry_start,
        "direction": beam.gantry_direction if turns else "",
        "arc": beam.arc,
        "couch": beam.couch_angle,
        "collimator": beam.collimator_angle,
    }
