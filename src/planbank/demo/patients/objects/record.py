"""The RT Beams Treatment Record of the first fraction of a photon plan.

Comes in: a plan and its `Study`. Goes out: the data set, with the first treatment date.
"""

from __future__ import annotations

from pydicom.dataset import Dataset, FileDataset
from pydicom.uid import RTBeamsTreatmentRecordStorage

from .study import Study, begin_series, new_object, reference

FIRST = 9  # days from the scan to the first fraction
TIME = "081500"


def treatment_record(study: Study, plan: FileDataset) -> FileDataset:
    """Everything delivered as planned, nine days after the scan."""
    ds = new_object(study, str(RTBeamsTreatmentRecordStorage), "RTRECORD")
    del ds.FrameOfReferenceUID, ds.PositionReferenceIndicator  # a record has no geometry of its own
    begin_series(ds, study, 6, "Treatment records", after=FIRST, time=TIME)
    ds.InstanceNumber, ds.TreatmentDate, ds.TreatmentTime = 1, study.day(FIRST), TIME
    ds.ReferencedRTPlanSequence = [reference(plan)]
    ds.TreatmentMachineSequence = [_machine(study)]
    group = plan.FractionGroupSequence[0]
    ds.ReferencedFractionGroupNumber, ds.NumberOfFractionsPlanned = 1, group.NumberOfFractionsPlanned
    ds.PrimaryDosimeterUnit = "MU"
    ds.TreatmentSessionBeamSequence = [
        _delivered(study, beam, float(planned.BeamMeterset))
        for beam, planned in zip(plan.BeamSequence, group.ReferencedBeamSequence, strict=True)
    ]
    ds.CurrentTreatmentStatus = "ON_TREATMENT"
    ds.FirstTreatmentDate = ds.MostRecentTreatmentDate = study.day(FIRST)
    return ds


def _machine(study: Study) -> Dataset:
    item = Dataset()
    item.TreatmentMachineName, item.Manufacturer = study.habits.machines[0], study.habits.manufacturer
    item.InstitutionName, item.ManufacturerModelName, item.DeviceSerialNumber = (
        study.habits.name,
        "Accelerator",
        "0001",
    )
    return item


def _delivered(study: Study, beam: Dataset, meterset: float) -> Dataset:
    item = Dataset()
    item.ReferencedBeamNumber, item.BeamName, item.BeamType = beam.BeamNumber, beam.BeamName, beam.BeamType
    item.RadiationType, item.TreatmentDeliveryType = beam.RadiationType, "TREATMENT"
    item.CurrentFractionNumber, item.TreatmentTerminationStatus = 1, "NORMAL"
    item.TreatmentVerificationStatus = "VERIFIED"
    item.SpecifiedPrimaryMeterset = item.DeliveredPrimaryMeterset = f"{meterset:.4f}"
    item.NumberOfWedges = item.NumberOfCompensators = item.NumberOfBoli = item.NumberOfBlocks = 0
    item.BeamLimitingDeviceLeafPairsSequence = []
    for planned in beam.BeamLimitingDeviceSequence:
        device = Dataset()
        device.RTBeamLimitingDeviceType = planned.RTBeamLimitingDeviceType
        device.NumberOfLeafJawPairs = planned.NumberOfLeafJawPairs
        item.BeamLimitingDeviceLeafPairsSequence.append(device)
    item.NumberOfControlPoints = 2
    item.ControlPointDeliverySequence = [_point(study, beam, 0, 0.0), _point(study, beam, -1, meterset)]
    return item


def _point(study: Study, beam: Dataset, index: int, meterset: float) -> Dataset:
    planned = beam.ControlPointSequence[index]
    first = beam.ControlPointSequence[0]
    item = Dataset()
    item.ReferencedControlPointIndex = planned.ControlPointIndex
    item.TreatmentControlPointDate, item.TreatmentControlPointTime = study.day(FIRST), TIME
    item.SpecifiedMeterset = item.DeliveredMeterset = f"{meterset:.4f}"
    item.DoseRateSet = item.DoseRateDelivered = first.DoseRateSet
    item.NominalBeamEnergy, item.NominalBeamEnergyUnit = first.NominalBeamEnergy, "MV"
    item.GantryAngle = planned.get("GantryAngle", first.GantryAngle)
    item.GantryRotationDirection, item.BeamLimitingDeviceAngle = "NONE", first.BeamLimitingDeviceAngle
    item.BeamLimitingDeviceRotationDirection = "NONE"
    item.PatientSupportAngle, item.PatientSupportRotationDirection = "0", "NONE"
    item.TableTopEccentricAngle, item.TableTopEccentricRotationDirection = "0", "NONE"
    item.TableTopVerticalPosition = item.TableTopLongitudinalPosition = item.TableTopLateralPosition = None
    return item
