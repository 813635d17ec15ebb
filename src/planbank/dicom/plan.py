"""RT plans, RT ion plans and brachytherapy plans.

Comes in: the encoded data set of a plan. Goes out: a `Plan` of plain values: label, intent,
approval, prescription, fractions, beams, technique, machine, energies, monitor units, and
findings where something is missing or odd (R16, R26). Source: DICOM PS3.3 section A.20,
C.8.8.9 to C.8.8.16, C.8.8.24 to C.8.8.26.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal

from planbank.dicom import uids
from planbank.dicom.beams import Beam, read_beam
from planbank.dicom.findings import Finding
from planbank.dicom.items import Item, read_items

if TYPE_CHECKING:
    from collections.abc import Iterable

PlanKind = Literal["external", "ion", "brachy"]


@dataclass(frozen=True, slots=True)
class BeamReference:
    """A beam within a fraction group: monitor units and dose (Gy) per fraction."""

    number: int
    meterset: float | None
    dose_gy: float | None


@dataclass(frozen=True, slots=True)
class FractionGroup:
    """A fraction group: `fractions` deliveries of its beams or brachy application setups."""

    number: int | None
    description: str
    fractions: int | None
    beams: tuple[BeamReference, ...]
    brachy_setups: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Prescription:
    """One prescribed dose in Gy over the whole plan.

    `structure_type` is as written ('VOLUME', 'SITE', 'POINT', 'COORDINATES'), `roi_number`
    the target where it is named. `source`: 'target prescription' or 'beam doses'.
    """

    dose_gy: float
    description: str
    structure_type: str
    roi_number: int | None
    source: Literal["target prescription", "beam doses"]


@dataclass(frozen=True, slots=True)
class RelatedPlan:
    """Another plan this one names, and how (PRIOR, PREDECESSOR, CONCURRENT, ...)."""

    sop_instance_uid: str
    relationship: str


@dataclass(frozen=True, slots=True)
class Plan:
    """A plan as the bank understands it. Absent text is "", absent numbers are None.

    `techniques` of the treatment beams, `technique` them joined ('VMAT', 'Proton PBS');
    `fractions` is the sum over fraction groups; `meterset` the monitor units of one
    fraction of the first group; `prescription` the leading one of `prescriptions`.
    """

    sop_instance_uid: str
    sop_class_uid: str
    frame_of_reference_uid: str
    kind: PlanKind
    label: str
    name: str
    description: str
    intent: str
    geometry: str
    date: str
    time: str
    approval: str
    approval_date: str
    approval_time: str
    technique: str
    techniques: tuple[str, ...]
    machines: tuple[str, ...]
    energies: tuple[str, ...]
    radiation: tuple[str, ...]
    fractions: int | None
    fraction_groups: tuple[FractionGroup, ...]
    beams: tuple[Beam, ...]
    meterset: float | None
    prescription: Prescription | None
    prescriptions: tuple[Prescription, ...]
    brachy_treatment_type: str
    brachy_technique: str
    structure_set_uids: tuple[str, ...]
    dose_uids: tuple[str, ...]
    related_plans: tuple[RelatedPlan, ...]
    manufacturer: str
    manufacturer_model_name: str
    software_versions: tuple[str, ...]
    findings: tuple[Finding, ...]

    @property
    def treatment_beams(self) -> tuple[Beam, ...]:
        """The beams that give dose."""
        return tuple(beam for beam in self.beams if beam.treats)


def read_plan(data: bytes | memoryview, transfer_syntax_uid: str) -> Plan:
    """Read a plan from its encoded data set.

    Absent and odd values never raise: they become None and a finding. Raises a DicomError
    only where the bytes themselves break the encoding rules.
    """
    ds = read_items(data, transfer_syntax_uid)
    ion = ds.uid("SOPClassUID") == uids.RT_ION_PLAN or ds.has("IonBeamSequence")
    beams = tuple(map(read_beam, ds.each("IonBeamSequence" if ion else "BeamSequence")))
    groups = tuple(_fraction_group(item, ion) for item in ds.each("FractionGroupSequence"))
    brachy = not beams and (ds.has("ApplicationSetupSequence") or ds.has("BrachyTreatmentType"))
    treating = [beam for beam in beams if beam.treats]
    prescriptions = _prescriptions(ds, groups, {b.number for b in beams if not b.treats})
    techniques = _techniques(treating)
    kind: PlanKind = "ion" if ion else "brachy" if brachy else "external"
    technique = " + ".join(techniques) or _brachy_technique(ds, kind)
    plan = Plan(
        sop_instance_uid=ds.uid("SOPInstanceUID"),
        sop_class_uid=ds.uid("SOPClassUID"),
        frame_of_reference_uid=ds.uid("FrameOfReferenceUID"),
        kind=kind,
        **_labels(ds),
        technique=technique,
        techniques=techniques,
        machines=_machines(ds, treating),
        energies=_distinct(energy for beam in treating for energy in beam.energies),
        radiation=_distinct(beam.radiation for beam in treating),
        fractions=_fractions(groups),
        fraction_groups=groups,
        beams=beams,
        meterset=_meterset(groups, treating),
        prescription=leading(prescriptions),
        prescriptions=prescriptions,
        structure_set_uids=_referenced(ds, "ReferencedStructureSetSequence"),
        dose_uids=_referenced(ds, "ReferencedDoseSequence"),
        related_plans=_related(ds),
        software_versions=ds.texts("SoftwareVersions"),
        findings=(),
    )
    return _with_findings(plan, ds.odd)


def _labels(ds: Item) -> dict[str, str]:
    """The plan's plain text values, by field."""
    return {
        "label": ds.text("RTPlanLabel"),
        "name": ds.text("RTPlanName"),
        "description": ds.text("RTPlanDescription"),
        "intent": ds.text("PlanIntent").upper(),
        "geometry": ds.text("RTPlanGeometry").upper(),
        "date": ds.text("RTPlanDate"),
        "time": ds.text("RTPlanTime"),
        "approval": ds.text("ApprovalStatus").upper(),
        "approval_date": ds.text("ReviewDate"),
        "approval_time": ds.text("ReviewTime"),
        "brachy_treatment_type": ds.text("BrachyTreatmentType").upper(),
        "brachy_technique": ds.text("BrachyTreatmentTechnique").upper(),
        "manufacturer": ds.text("Manufacturer"),
        "manufacturer_model_name": ds.text("ManufacturerModelName"),
    }


def leading(prescriptions: Iterable[Prescription]) -> Prescription | None:
    """The prescription that relative metrics refer to: the highest of a volume or site, else of a point."""
    given = list(prescriptions)
    volumes = [one for one in given if one.structure_type not in ("COORDINATES", "POINT")]
    return max(volumes or given, key=lambda one: one.dose_gy, default=None)


def _with_findings(plan: Plan, odd: set[str]) -> Plan:
    numbers = [beam.number for beam in plan.beams]
    referred = {ref.number for group in plan.fraction_groups for ref in group.beams}
    metersets = {ref.number: ref.meterset for group in plan.fraction_groups for ref in group.beams}
    checks = [
        (not plan.label, Finding("plan-no-label")),
        (not plan.date, Finding("plan-no-date")),
        (not plan.treatment_beams and plan.kind != "brachy", Finding("plan-no-beams")),
        (plan.fractions is None, Finding("plan-no-fractions")),
        (not plan.structure_set_uids, Finding("plan-no-structure-set")),
        (plan.prescription is None, Finding("plan-no-prescription")),
        (
            plan.prescription is not None and plan.prescription.source == "beam doses",
            Finding("prescription-from-beams"),
        ),
        (None in numbers, Finding("beam-no-number")),
    ]
    found = [finding for applies, finding in checks if applies]
    found += [Finding("beam-unknown", f"beam {n}") for n in sorted(referred - set(numbers)) if plan.beams]
    found += [
        Finding("plan-no-meterset", f"beam {beam.number}")
        for beam in plan.treatment_beams
        if beam.number is not None and metersets.get(beam.number) is None
    ]
    found += [Finding("value-unreadable", keyword) for keyword in sorted(odd)]
    return replace(plan, findings=tuple(found))


def _fraction_group(item: Item, ion: bool) -> FractionGroup:
    beams = []
    for reference in item.each("ReferencedBeamSequence"):
        number = reference.integer("ReferencedBeamNumber")
        if number is not None:
            beams.append(
                BeamReference(number, reference.number("BeamMeterset"), reference.number("BeamDose"))
            )
    setups = (
        setup.integer("ReferencedBrachyApplicationSetupNumber")
        for setup in item.each("ReferencedBrachyApplicationSetupSequence")
    )
    return FractionGroup(
        number=item.integer("FractionGroupNumber"),
        description=item.text("FractionGroupDescription"),
        fractions=item.integer("NumberOfFractionsPlanned"),
        beams=tuple(beams),
        brachy_setups=tuple(number for number in setups if number is not None),
    )


def _prescriptions(
    ds: Item, groups: tuple[FractionGroup, ...], setups: set[int | None]
) -> tuple[Prescription, ...]:
    """Target prescriptions; where there are none, the beam doses of all fraction groups (with a finding)."""
    stated = []
    for item in ds.each("DoseReferenceSequence"):
        dose = item.number("TargetPrescriptionDose")
        if dose is None or dose <= 0 or item.text("DoseReferenceType").upper() == "ORGAN_AT_RISK":
            continue
        structure = item.text("DoseReferenceStructureType").upper()
        roi = item.integer("ReferencedROINumber")
        text = item.text("DoseReferenceDescription")
        stated.append(Prescription(dose, text, structure, roi, "target prescription"))
    if stated:
        return tuple(stated)
    total = 0.0
    for group in groups:
        doses = [ref.dose_gy for ref in group.beams if ref.number not in setups]
        if not doses or None in doses or group.fractions is None:
            return ()
        total += group.fractions * sum(dose for dose in doses if dose is not None)
    return (Prescription(total, "", "", None, "beam doses"),) if total > 0 else ()


def _techniques(treating: list[Beam]) -> tuple[str, ...]:
    """Techniques as a plan is called; a few-segment beam beside inverse-planned ones is one of them."""
    segmented = "IMRT" if any(beam.technique == "IMRT" for beam in treating) else "3D"
    return _distinct(_technique(beam, segmented) for beam in treating)


def _technique(beam: Beam, segmented: str) -> str:
    """'3D', 'IMRT', 'VMAT', 'Electron', 'Proton PBS', ..."""
    if beam.radiation in ("PROTON", "ION"):
        return " ".join(part for part in (beam.radiation.capitalize(), beam.technique) if part)
    if beam.radiation == "ELECTRON":
        return "Electron"
    names = {"static": "3D", "field in field": segmented, "arc": "Arc", "helical": "Helical"}
    return names.get(beam.technique, beam.technique)


def _brachy_technique(ds: Item, kind: PlanKind) -> str:
    if kind != "brachy":
        return ""
    return " ".join(part for part in (ds.text("BrachyTreatmentType").upper(), "Brachytherapy") if part)


def _machines(ds: Item, treating: list[Beam]) -> tuple[str, ...]:
    brachy = (item.text("TreatmentMachineName") for item in ds.each("TreatmentMachineSequence"))
    return _distinct([beam.machine for beam in treating] or brachy)


def _fractions(groups: tuple[FractionGroup, ...]) -> int | None:
    counts = [group.fractions for group in groups]
    if not counts or None in counts:
        return None
    return sum(count for count in counts if count is not None)


def _meterset(groups: tuple[FractionGroup, ...], treating: list[Beam]) -> float | None:
    """Monitor units of one fraction of the first fraction group; None where a beam gives none."""
    numbers = {beam.number for beam in treating}
    values = [ref.meterset for ref in groups[0].beams if ref.number in numbers] if groups else []
    if not values or None in values:
        return None
    return sum(value for value in values if value is not None)


def _referenced(ds: Item, keyword: str) -> tuple[str, ...]:
    return _distinct(item.uid("ReferencedSOPInstanceUID") for item in ds.each(keyword))


def _related(ds: Item) -> tuple[RelatedPlan, ...]:
    return tuple(
        RelatedPlan(item.uid("ReferencedSOPInstanceUID"), item.text("RTPlanRelationship").upper())
        for item in ds.each("ReferencedRTPlanSequence")
        if item.uid("ReferencedSOPInstanceUID")
    )


def _distinct(values: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(value for value in values if value))
