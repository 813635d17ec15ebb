"""analyse: what one object says about itself.

Comes in: an instance version in the archive. Goes out: its common header values on the row. Each
modality's own meaning (structures, beams, dose grids) joins here with the rooms that need it.
"""

from __future__ import annotations

from collections.abc import Iterator

from planbank.archive.names import object_key
from planbank.archive.part10 import split
from planbank.catalogue.models import Instance, InstanceVersion
from planbank.dicom.headers import DEFAULT_TAGS, scan
from planbank.errors import DicomError, ObjectMissing
from planbank.house import House
from planbank.pipeline.registry import Done, Failed, Result, Subject, service

# What identifies the patient stands in the patient file, under its institution's permissions;
# the version row belongs to every institution that sent these bytes.
_LEFT_OUT = {
    "patient_name", "patient_id", "issuer_of_patient_id", "birth_date", "sex", "accession_number",
}  # fmt: skip


def lane_of(patient_file_id: int) -> str:
    """All work on one patient file runs in order."""
    return f"file:{patient_file_id}"


def subjects() -> Iterator[Subject]:
    """Every instance version that is current somewhere, with the lane of its patient file."""
    rows = Instance.objects.values_list("current_version", "series__study__patient_file")
    for version, patient_file in rows.iterator(5000):
        yield version, lane_of(patient_file)


@service(subject="instance version", version=1, subjects=subjects)
def analyse(house: House, version_id: int) -> Result:
    """Reads what each object says about itself"""
    version = InstanceVersion.objects.get(pk=version_id)
    try:
        with house.store.open(object_key(version.content_hash)) as stream:
            syntax, offset = split(stream)
            stream.seek(offset)
            found = scan(stream, syntax)
    except ObjectMissing:
        return Failed("The archive does not hold this object. Run planbank check.")
    except DicomError as exc:
        return Failed(str(exc))
    names = [name for name in DEFAULT_TAGS.values() if name not in _LEFT_OUT]
    version.headers = {name: value for name in names if (value := getattr(found, name))}
    version.save(update_fields=["headers"])
    return Done()
