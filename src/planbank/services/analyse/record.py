"""Treatment records: what was delivered, when."""

from __future__ import annotations

from dataclasses import asdict

from planbank.catalogue.models import InstanceVersion, TreatmentRecord
from planbank.dicom.records import read_record
from planbank.dicom.references import references
from planbank.services.analyse.facts import clean, cut, reference_lists


def read(version: InstanceVersion, data: bytes, syntax: str) -> None:
    """Write the record."""
    found = read_record(data, syntax)
    facts = asdict(found)
    TreatmentRecord.objects.update_or_create(
        version=version,
        defaults={
            "date": cut(found.date, 18),
            "machine": cut(found.machine),
            "facts": clean({name: facts[name] for name in ("time", "fractions", "first_date", "beams")}),
            "references": clean(reference_lists(references(data, syntax))),
        },
    )
