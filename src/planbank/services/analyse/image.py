"""Images: where they lie, for slices on pages and for completeness."""

from __future__ import annotations

from planbank.catalogue.models import InstanceVersion
from planbank.dicom.images import read_image
from planbank.services.analyse.facts import clean


def read(version: InstanceVersion, data: bytes, syntax: str) -> None:
    """Put the image's geometry on its version (mm, patient coordinates)."""
    plane = read_image(data, syntax)
    version.facts = clean(
        {
            "frame_of_reference_uid": plane.frame_of_reference_uid,
            "image_type": plane.image_type,
            "rows": plane.rows,
            "columns": plane.columns,
            "frames": plane.frames,
            "spacing_mm": plane.spacing,
            "origin_mm": plane.origin,
            "position_mm": plane.position,
            "thickness_mm": plane.thickness,
            "patient_position": plane.patient_position,
            "cosines": [*plane.axes.across.tolist(), *plane.axes.down.tolist()] if plane.axes else None,
            "marks": plane.marks,
            "expected": plane.expected,
            "localiser": plane.localiser,
        }
    )
