"""The tables of the catalogue, as model.md defines them."""

from planbank.catalogue.models.arrival import Instance, InstanceVersion, Relation, Submission
from planbank.catalogue.models.finding import Finding
from planbank.catalogue.models.patient import Patient, PatientFile, PatientIdentity
from planbank.catalogue.models.quarantine import QuarantinedParcel
from planbank.catalogue.models.study import Series, Study

__all__ = [
    "Finding",
    "Instance",
    "InstanceVersion",
    "Patient",
    "PatientFile",
    "PatientIdentity",
    "QuarantinedParcel",
    "Relation",
    "Series",
    "Study",
    "Submission",
]
