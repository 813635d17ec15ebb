"""The service analyse.

Comes in: an instance version in the archive. Goes out: its common header values, and for RT
objects and images the row of their kind. Whatever is missing or odd becomes a finding (R16).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from importlib import import_module

from planbank.archive.objects import read_object
from planbank.catalogue.lanes import lane_of
from planbank.catalogue.models import Instance, InstanceVersion, Series
from planbank.dicom import uids
from planbank.dicom.headers import DEFAULT_TAGS, scan
from planbank.dicom.uids import IMAGE_MODALITIES
from planbank.errors import DicomError, ObjectMissing
from planbank.house import House
from planbank.pipeline.due import make_due
from planbank.pipeline.registry import Done, Failed, Result, Subject, service

# What identifies the patient stands in the patient file, under its institution's permissions;
# the version row belongs to every institution that sent these bytes.
_LEFT_OUT = {
    *("patient_name", "patient_id", "issuer_of_patient_id", "birth_date", "sex", "accession_number"),
}
Reader = Callable[[InstanceVersion, bytes, str], None]
# Kind -> module beside this one that reads it; loaded when it is needed, since no process that
# only counts is to wait for the compiled numerics.
READERS: Mapping[uids.Kind, str] = {
    "structure set": "structure_set",
    "plan": "plan",
    "dose": "dose",
    "record": "record",
    "registration": "registration",
    "image": "image",
}
# Kinds whose new meaning changes what belongs together.
LINKING = {"structure set", "plan", "dose", "record", "registration"}


def _reader(kind: uids.Kind) -> Reader:
    read: Reader = import_module(f"planbank.services.analyse.{READERS[kind]}").read
    return read


def subjects() -> Iterator[Subject]:
    """Every instance version that is current somewhere, with the lane of its patient file."""
    rows = Instance.objects.values_list("current_version", "series__study__patient_file")
    for version, patient_file in rows.iterator(5000):
        yield version, lane_of(patient_file)


@service(subject="instance version", version=3, subjects=subjects)
def analyse(house: House, version_id: int) -> Result:
    """Reads what each object says about itself"""
    version = InstanceVersion.objects.get(pk=version_id)
    kind = uids.kind(version.sop_class_uid)
    try:
        data, syntax = read_object(house.store, version.content_hash)
        identity = scan(data, syntax)
        names = [name for name in DEFAULT_TAGS.values() if name not in _LEFT_OUT]
        version.headers = {name: value for name in names if (value := getattr(identity, name))}
        if kind in READERS:
            _reader(kind)(version, data, syntax)
    except ObjectMissing:
        return Failed("The archive does not hold this object. Run planbank check.")
    except DicomError as exc:
        version.save(update_fields=["headers"])
        return Failed(str(exc))
    version.save(update_fields=["headers", "facts"])
    if kind in LINKING:
        _link_again(house, version)
    if kind in ("image", "structure set"):
        _judge_again(house, version)
    return Done()


def _link_again(house: House, version: InstanceVersion) -> None:
    files = Instance.objects.filter(current_version=version).values_list(
        "series__study__patient_file", flat=True
    )
    make_due("link", [(file, lane_of(file)) for file in files.distinct()], house.clock.now())


def _judge_again(house: House, version: InstanceVersion) -> None:
    """The series of an image; for a structure set, whatever it may name: all images of its patient file."""
    mine = Instance.objects.filter(current_version=version)
    series = Series.objects.filter(instances__in=mine)
    if uids.kind(version.sop_class_uid) == "structure set":
        files = mine.values("series__study__patient_file")
        series = Series.objects.filter(study__patient_file__in=files, modality__in=IMAGE_MODALITIES)
    rows = series.values_list("pk", "study__patient_file").distinct()
    make_due("completeness", [(pk, lane_of(file)) for pk, file in rows], house.clock.now())
