"""Treatment records and registrations."""

from __future__ import annotations

from pydicom.dataset import Dataset

from planbank.dicom import uids
from planbank.dicom.encoding import IMPLICIT_LITTLE
from planbank.dicom.records import read_record, read_registration
from tests.dose.phantoms import encode


def test_what_was_delivered() -> None:
    beam, machine, plan, ds = (Dataset() for _ in range(4))
    beam.ReferencedBeamNumber, beam.BeamName, beam.CurrentFractionNumber = 2, "LAO", 5
    beam.DeliveredPrimaryMeterset, beam.SpecifiedPrimaryMeterset = 98.7, 100
    beam.TreatmentTerminationStatus = "OPERATOR"
    machine.TreatmentMachineName = "L3"
    plan.ReferencedSOPClassUID, plan.ReferencedSOPInstanceUID = uids.RT_PLAN, "1.2"
    ds.SOPClassUID, ds.SOPInstanceUID = uids.RT_BEAMS_RECORD, "1.1"
    ds.TreatmentDate = "20260301"
    ds.TreatmentSessionBeamSequence, ds.TreatmentMachineSequence = [beam], [machine]
    ds.ReferencedRTPlanSequence = [plan]
    found = read_record(encode(ds), IMPLICIT_LITTLE)
    assert (found.plan_uids, found.fractions, found.machine, found.date) == (("1.2",), (5,), "L3", "20260301")
    delivered = found.beams[0]
    assert (delivered.delivered_meterset, delivered.specified_meterset) == (98.7, 100.0)
    assert delivered.termination == "OPERATOR"


def test_an_empty_record_is_no_error() -> None:
    ds = Dataset()
    ds.SOPInstanceUID = "1.1"
    found = read_record(encode(ds), IMPLICIT_LITTLE)
    assert (found.beams, found.plan_uids, found.machine) == ((), (), "")


def test_a_rigid_registration_has_its_matrix() -> None:
    matrix, mapping, item, ds = (Dataset() for _ in range(4))
    matrix.FrameOfReferenceTransformationMatrix = [1, 0, 0, 5, 0, 1, 0, 6, 0, 0, 1, 7, 0, 0, 0, 1]
    mapping.MatrixSequence = [matrix]
    item.FrameOfReferenceUID, item.MatrixRegistrationSequence = "7.2", [mapping]
    ds.SOPClassUID, ds.SOPInstanceUID, ds.FrameOfReferenceUID = uids.REGISTRATION, "1.1", "7.1"
    ds.RegistrationSequence = [item]
    found = read_registration(encode(ds), IMPLICIT_LITTLE)
    assert not found.deformable
    ((frame, values),) = found.matrices
    assert frame == "7.2"
    assert values[3::4] == (5.0, 6.0, 7.0, 1.0)
