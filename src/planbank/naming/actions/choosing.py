"""Choosing among the ROIs of one plan (R63, R64).

Comes in: an act, a dictionary, a structure set, a type, what is to be done. Goes out: the edition. A
choice takes the place of the one made before for the same ROI, and of all others of its type where it
says which ROI to use or that all belong together.
"""

from __future__ import annotations

from dataclasses import dataclass

from django.db import transaction

from planbank.catalogue.models import PatientFile
from planbank.errors import NamingError
from planbank.naming.actions.editing import new_edition
from planbank.naming.models import Choice, Dictionary, Edition
from planbank.protocols.act import Act
from planbank.protocols.models import StructureType


@dataclass(frozen=True)
class Place:
    """One structure type in one structure set: a cell of the matrix."""

    patient_file: PatientFile
    structure_set_uid: str
    structure_type: StructureType


@transaction.atomic
def choose(
    act: Act,
    dictionary: Dictionary,
    place: Place,
    verdict: Choice.Verdict,
    roi_number: int | None = None,
    roi_name: str = "",
) -> Edition:
    """Use this ROI, leave it out, or take all that match together. Raises NamingError."""
    if (roi_number is None) != (verdict == Choice.Verdict.UNION):
        raise NamingError("A union has no single ROI; everything else has one.")
    edition = new_edition(act, dictionary, None, Edition.Kind.CHOICE, verdict=str(verdict))
    standing = _standing(dictionary, place)
    if verdict == Choice.Verdict.EXCLUDE:
        standing = standing.filter(roi_number=roi_number)
    standing.update(ended_in=edition)
    Choice.objects.create(
        dictionary=dictionary,
        patient_file=place.patient_file,
        structure_set_uid=place.structure_set_uid,
        structure_type=place.structure_type,
        verdict=verdict,
        roi_number=roi_number,
        roi_name=roi_name,
        added_in=edition,
    )
    return edition


@transaction.atomic
def let_rules_decide(act: Act, dictionary: Dictionary, place: Place) -> Edition:
    """End every choice made for this cell."""
    edition = new_edition(act, dictionary, None, Edition.Kind.CHOICE, verdict="rules")
    _standing(dictionary, place).update(ended_in=edition)
    return edition


def _standing(dictionary: Dictionary, place: Place):  # type: ignore[no-untyped-def]
    return dictionary.choices.filter(
        patient_file=place.patient_file,
        structure_set_uid=place.structure_set_uid,
        structure_type=place.structure_type,
        ended_in__isnull=True,
    )
