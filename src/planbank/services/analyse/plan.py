"""RT plans, ion plans and brachytherapy plans (R26)."""

from __future__ import annotations

from dataclasses import asdict

from planbank.catalogue.models import InstanceVersion, Plan
from planbank.dicom.plan import read_plan
from planbank.dicom.references import references
from planbank.services.analyse.facts import clean, cut, finding_list, reference_lists

FACTS = (
    *("description", "geometry", "time", "approval_date", "approval_time", "techniques", "radiation"),
    *("meterset", "brachy_treatment_type", "brachy_technique", "manufacturer"),
    *("manufacturer_model_name", "software_versions", "fraction_groups", "beams", "prescriptions"),
)


def read(version: InstanceVersion, data: bytes, syntax: str) -> None:
    """Write the plan; run twice, the same row."""
    found = read_plan(data, syntax)
    facts = asdict(found)
    for beam, plain in zip(found.beams, facts["beams"], strict=True):
        plain["treats"] = beam.treats
    prescription = found.prescription
    Plan.objects.update_or_create(
        version=version,
        defaults={
            "kind": found.kind,
            "label": cut(found.label),
            "name": cut(found.name),
            "date": cut(found.date, 18),
            "intent": cut(found.intent, 16),
            "approval": cut(found.approval, 16),
            "technique": cut(found.technique),
            "machine": cut(", ".join(found.machines)),
            "energies": cut(", ".join(found.energies)),
            "fractions": _small(found.fractions),
            "prescription_gy": prescription.dose_gy if prescription else None,
            "prescription_source": prescription.source if prescription else "",
            "facts": clean({name: facts[name] for name in FACTS}),
            "references": clean(reference_lists(references(data, syntax))),
            "findings": clean(finding_list(found.findings)),
        },
    )


def _small(number: int | None) -> int | None:
    """A count that fits its column; anything else is absent."""
    return number if number is not None and 0 <= number < 2**31 else None
