"""The tables of the catalogue, as model.md defines them."""

from planbank.catalogue.models.arrival import Instance, InstanceVersion, Relation, Submission
from planbank.catalogue.models.commitment import Commitment
from planbank.catalogue.models.derived import (
    Dose,
    Plan,
    Registration,
    Roi,
    StructureSet,
    TreatmentRecord,
)
from planbank.catalogue.models.dvh import Calculation, ChosenDose, Dvh, TpsDvh
from planbank.catalogue.models.finding import Finding
from planbank.catalogue.models.identity_change import IdentityChange, SplitStudy
from planbank.catalogue.models.name import NameUse
from planbank.catalogue.models.patient import Patient, PatientFile, PatientIdentity
from planbank.catalogue.models.plan_set import Bundle, Means, Member, PlanSet, Role
from planbank.catalogue.models.quarantine import QuarantinedParcel
from planbank.catalogue.models.receipt import Receipt
from planbank.catalogue.models.scene import Scene, ScenePart
from planbank.catalogue.models.stack import ImageStack
from planbank.catalogue.models.study import Series, Study

__all__ = [
    "Bundle",
    "Calculation",
    "ChosenDose",
    "Commitment",
    "Dose",
    "Dvh",
    "Finding",
    "IdentityChange",
    "ImageStack",
    "Instance",
    "InstanceVersion",
    "Means",
    "Member",
    "NameUse",
    "Patient",
    "PatientFile",
    "PatientIdentity",
    "Plan",
    "PlanSet",
    "QuarantinedParcel",
    "Receipt",
    "Registration",
    "Relation",
    "Roi",
    "Role",
    "Scene",
    "ScenePart",
    "Series",
    "SplitStudy",
    "StructureSet",
    "Study",
    "Submission",
    "TpsDvh",
    "TreatmentRecord",
]
