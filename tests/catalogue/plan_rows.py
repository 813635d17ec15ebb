"""Invented plan sets, doses and DVHs, for tests of what reads them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from planbank.catalogue.models import (
    Calculation,
    ChosenDose,
    Dose,
    Dvh,
    Instance,
    Member,
    PatientFile,
    Plan,
    PlanSet,
    Roi,
    StructureSet,
)
from planbank.dose.curve import pack
from tests.catalogue.rows import RTPLAN, Rows

RTSTRUCT, RTDOSE = "1.2.840.10008.5.1.4.1.1.481.3", "1.2.840.10008.5.1.4.1.1.481.2"
RTRECORD = "1.2.840.10008.5.1.4.1.1.481.4"
CLASSES = {"RTPLAN": RTPLAN, "RTSTRUCT": RTSTRUCT, "RTDOSE": RTDOSE, "RTRECORD": RTRECORD}
BEAM = {
    "number": 1, "name": "Arc 1", "description": "", "treats": True, "energies": ["6 MV"],
    "gantry_start": 181.0, "gantry_stop": 179.0, "arc": 358.0, "meterset_unit": "MU",
}  # fmt: skip


@dataclass
class PlanRows(Rows):
    """Rows of plan sets; each object in a series of its own, as planning systems send them."""

    def plan_set(self, file: PatientFile, **fields: Any) -> PlanSet:
        """A plan set without members."""
        values = {
            "kind": "plan",
            "sop_instance_uid": f"1.2.7.{next(self.numbers)}",
            "label": "Mam sin",
            "plan_date": "20261101",
            "technique": "VMAT",
            "approval": "APPROVED",
            "fractions": 25,
            "prescription_gy": 50.0,
            "first_received_at": self.at,
            "last_received_at": self.at,
            "linked_at": self.at,
        }
        return PlanSet.objects.create(patient_file=file, **{**values, **fields})

    def rt_object(self, file: PatientFile, modality: str) -> Instance:
        series = self.series(file, modality)
        version = self.version(sop_class_uid=CLASSES[modality], modality=modality)
        return self.instance(series, version)

    def member(self, plan_set: PlanSet, role: str, means: str = "SOP Instance UID", **what: Any) -> Member:
        return Member.objects.create(plan_set=plan_set, role=role, means=means, **what)

    def add_plan(self, plan_set: PlanSet, **fields: Any) -> Plan:
        instance = self.rt_object(plan_set.patient_file, "RTPLAN")
        self.member(plan_set, "plan", "itself", instance=instance)
        groups = [{"number": 1, "fractions": 25, "beams": [{"number": 1, "meterset": 214.6, "dose_gy": 2.0}]}]
        facts = {"beams": [BEAM], "fraction_groups": groups, "manufacturer_model_name": "Eclipse"}
        values = {"kind": "external", "label": plan_set.label, "approval": plan_set.approval, "facts": facts}
        numbers = {"technique": "VMAT", "fractions": 25, "prescription_gy": 50.0}
        row = {**values, **numbers, "prescription_source": "target prescription", **fields}
        return Plan.objects.create(version=instance.current_version, **row)

    def add_structures(self, plan_set: PlanSet, *names: str, means: str = "SOP Instance UID") -> StructureSet:
        """A structure set with ROIs; 'name:TYPE' gives a type, a name in brackets is empty."""
        instance = self.rt_object(plan_set.patient_file, "RTSTRUCT")
        self.member(plan_set, "structure set", means, instance=instance)
        row = StructureSet.objects.create(version=instance.current_version, label="RS")
        for number, written in enumerate(names, 1):
            name, _colon, kind = written.strip("()").partition(":")
            empty = written.startswith("(")
            Roi.objects.create(
                structure_set=row, number=number, name=name, type=kind, is_empty=empty,
                contour_count=0 if empty else 9,
            )  # fmt: skip
        return row

    def add_dose(
        self, plan_set: PlanSet, summation: str = "PLAN", kind: str = "PHYSICAL", **fields: Any
    ) -> Dose:
        instance = self.rt_object(plan_set.patient_file, "RTDOSE")
        self.member(plan_set, "dose", instance=instance)
        facts = {"plans": [], "grid": {"shape": [9, 9, 9], "spacing_mm": [2.5, 2.5, 2.5]}}
        values = {"units": "GY", "type": kind, "summation": summation, "facts": facts}
        return Dose.objects.create(version=instance.current_version, **{**values, **fields})

    def add_images(
        self, plan_set: PlanSet, count: int = 3, modality: str = "CT", means: str = "series"
    ) -> None:
        series = self.series(plan_set.patient_file, modality)
        for _n in range(count):
            self.instance(series)
        self.member(plan_set, "images", means, series=series)

    def calculation(
        self, plan_set: PlanSet, structures: StructureSet, *doses: Dose, **fields: Any
    ) -> Calculation:
        """A calculation without DVHs that was never run, unless `fields` say otherwise."""
        chosen = ChosenDose.objects.create(
            fingerprint=f"{next(self.numbers):064x}", summation=doses[0].summation, type=doses[0].type
        )
        chosen.versions.set([dose.version for dose in doses])
        row = Calculation.objects.create(structure_set=structures, chosen_dose=chosen, **fields)
        row.plan_sets.add(plan_set)
        return row

    def dvh(self, calculation: Calculation, roi: Roi, curve: np.ndarray | None = None, **fields: Any) -> Dvh:
        """A DVH of 100 cc that falls in a line from 10 to 50 Gy, unless said otherwise."""
        if curve is None:
            curve = np.clip(100.0 * (50.0 - np.arange(5002) * 0.01) / 40.0, 0.0, 100.0)
        values = {
            "algorithm": calculation.algorithm or "slab-1",
            "volume_cc": 100.0,
            "outside_cc": 0.0,
            "min_gy": 10.0,
            "mean_gy": 30.0,
            "max_gy": 50.0,
        }
        return Dvh.objects.create(calculation=calculation, roi=roi, curve=pack(curve), **{**values, **fields})

    def whole_plan(self, code: str = "AUH", sent_id: str = "0101501234", **fields: Any) -> PlanSet:
        """A plan set with everything and its DVHs: PTV, Heart, a couch and an empty ROI."""
        plan_set = self.plan_set(self.file(code, sent_id, name="Holm^Mette"), **fields)
        self.add_plan(plan_set)
        structures = self.add_structures(
            plan_set, "PTV_bryst:PTV", "Hjerte:ORGAN", "Couch:SUPPORT", "(LAD:ORGAN)"
        )
        dose = self.add_dose(plan_set)
        self.add_images(plan_set)
        done = {"algorithm": "slab-1", "calculated_at": self.at}
        calculation = self.calculation(plan_set, structures, dose, **done)
        for roi in structures.rois.filter(is_empty=False):
            self.dvh(calculation, roi)
        nothing = {"volume_cc": 0.0, "min_gy": None, "mean_gy": None, "max_gy": None, "flags": ["empty"]}
        self.dvh(calculation, structures.rois.get(is_empty=True), np.zeros(1), **nothing)
        return plan_set
