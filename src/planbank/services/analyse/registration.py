"""Spatial registrations: which frames of reference they join."""

from __future__ import annotations

from planbank.catalogue.models import InstanceVersion, Registration
from planbank.dicom.records import read_registration
from planbank.dicom.references import references
from planbank.services.analyse.facts import clean, cut, reference_lists


def read(version: InstanceVersion, data: bytes, syntax: str) -> None:
    """Write the registration."""
    found = read_registration(data, syntax)
    Registration.objects.update_or_create(
        version=version,
        defaults={
            "label": cut(found.label),
            "frame_of_reference_uid": cut(found.frame_of_reference_uid),
            "deformable": found.deformable,
            "facts": clean({"description": found.description, "matrices": found.matrices}),
            "references": clean(reference_lists(references(data, syntax))),
        },
    )
