"""What a photon and an ion plan share: header, references, prescription, setup and fractions.

Comes in: a `Case`, a `Study` and the drawn structure set. Goes out: a plan without beams.
"""

from __future__ import annotations

from pydicom.dataset import Dataset, FileDataset

from ..naming import roi_name
from ..sites.case import Case
from .structure_set import Drawn
from .study import Study, approve, begin_series, new_object, reference


def begin_plan(case: Case, study: Study, drawn: Drawn, sop_class: str) -> FileDataset:
    """The general plan module and its reference to the structure set."""
    ds = new_object(study, sop_class, "RTPLAN")
    begin_series(ds, study, 3, "Plans", after=3, time="132000")
    version = f" v{study.number}" if study.number > 1 else ""
    ds.InstanceNumber, ds.RTPlanLabel = 1, case.label[: 16 - len(version)] + version  # SH: 16 characters
    ds.RTPlanName = f"{case.label} {case.technique}"
    ds.RTPlanDate, ds.RTPlanTime, ds.RTPlanGeometry = study.day(3), "132000", "PATIENT"
    ds.PlanIntent = "CURATIVE"
    ds.ReferencedStructureSetSequence = [reference(drawn.ds)]
    approve(ds, study, after=4)
    return ds


def add_prescription(ds: FileDataset, case: Case, study: Study, drawn: Drawn, shares: list[float]) -> None:
    """Dose references by target, one setup, one fraction group with each beam's dose and monitor units."""
    references = []
    for number, (key, gy) in enumerate(case.prescription.levels, 1):
        item = Dataset()
        item.DoseReferenceNumber, item.DoseReferenceUID = number, study.uid("dose reference", number)
        item.ReferencedROINumber, item.DoseReferenceStructureType = drawn.numbers[key], "VOLUME"
        item.DoseReferenceDescription = roi_name(case.site, key, study.habits.manner)
        item.DoseReferenceType, item.TargetPrescriptionDose = "TARGET", f"{gy:g}"
        references.append(item)
    ds.DoseReferenceSequence = references
    ds.PatientSetupSequence = [_setup()]
    ds.FractionGroupSequence = [_fractions(case, shares)]
    table = "IonToleranceTableSequence" if case.particle == "PROTON" else "ToleranceTableSequence"
    setattr(ds, table, [_tolerance()])


def _setup() -> Dataset:
    item = Dataset()
    item.PatientSetupNumber, item.PatientPosition, item.SetupTechnique = 1, "HFS", "ISOCENTRIC"
    return item


def _tolerance() -> Dataset:
    item = Dataset()
    item.ToleranceTableNumber, item.ToleranceTableLabel = 1, "Standard"
    item.GantryAngleTolerance, item.PatientSupportAngleTolerance = "0.5", "1"
    item.TableTopVerticalPositionTolerance = item.TableTopLongitudinalPositionTolerance = "20"
    item.TableTopLateralPositionTolerance = "20"
    return item


def _fractions(case: Case, shares: list[float]) -> Dataset:
    group = Dataset()
    group.FractionGroupNumber, group.NumberOfFractionsPlanned = 1, case.prescription.fractions
    group.NumberOfBeams, group.NumberOfBrachyApplicationSetups = len(case.beams), 0
    group.ReferencedBeamSequence = []
    each = case.prescription.dose / case.prescription.fractions
    for number, share in enumerate(shares, 1):
        item = Dataset()
        item.ReferencedBeamNumber, item.BeamDose = number, f"{each * share:.6f}"
        item.BeamMeterset = f"{each * share * meterset_per_gray(case):.4f}"
        group.ReferencedBeamSequence.append(item)
    return group


def meterset_per_gray(case: Case) -> float:
    """Monitor units per Gy at the target, a usual value for each technique."""
    return {"VMAT": 262.0, "Tangents": 118.0, "IMPT": 95.0}[case.technique]
