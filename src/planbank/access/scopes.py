"""Where a right holds, and how a queryset leads there.

Comes in: nothing. Goes out: `Scope`, and `Columns` for the rows of the catalogue. Rooms above hand in
their own queryset with the lookups that lead from a row to what the policy asks about, so that the
policy knows nothing of their models.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Scope:
    """One institution, protocol, project, audit study, or the site (id 0)."""

    kind: str
    id: int = 0

    @classmethod
    def of(cls, row: Any) -> Scope:
        """The scope that a row is: its kind is the name of its model."""
        return cls(row._meta.verbose_name, row.pk)


SITE = Scope("site")


@dataclass(frozen=True)
class Columns:
    """Lookups that lead from a row to its institution and to what stands in protocols.

    One of `instance`, `series`, `study`, `plan_set`, `patient_file` says what kind of row it is:
    the row is seen through a protocol when that object is a member. `patient` leads to the
    patient, for the pseudonym. `plan_set` is (lookup of the patient file, of the SOP Instance UID).
    """

    institution: str
    patient: str = ""
    instance: str = ""
    series: str = ""
    study: str = ""
    plan_set: tuple[str, str] | None = None
    patient_file: str = ""


PATIENT_FILES = Columns("institution", patient="patient", patient_file="pk")
STUDIES = Columns("patient_file__institution", patient="patient_file__patient", study="pk")
SERIES = Columns("study__patient_file__institution", patient="study__patient_file__patient", series="pk")
INSTANCES = Columns(
    "institution", patient="series__study__patient_file__patient", instance="pk", series="series"
)
PLAN_SETS = Columns(
    "patient_file__institution",
    patient="patient_file__patient",
    plan_set=("patient_file", "sop_instance_uid"),
)
