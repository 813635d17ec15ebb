"""From sources to blobs in the archive and a description of them.

Comes in: `Sources`. Goes out: `Made`. Each series, structure set and dose is packed once for the whole
bank: what was packed before from the same bytes is found again by its key.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from planbank.archive.names import derived_key
from planbank.archive.objects import read_object
from planbank.dicom.dose_grid import read_dose
from planbank.dicom.plan import read_plan
from planbank.dicom.structure_set import read_structure_set
from planbank.errors import DicomError, ObjectMissing
from planbank.house import House
from planbank.scene.bundle.beams import pack_beams
from planbank.scene.bundle.contours import pack_structures
from planbank.scene.bundle.doses import pack_dose
from planbank.scene.bundle.images import pack_images
from planbank.scene.bundle.parts import FORMAT, Pack, Packed, Refusal
from planbank.services.scene.sources import DoseSource, ImageSource, ObjectSource, Sources

PACKING = f"{FORMAT}.2"
"""Raise the second number when blobs change though their format does not."""


@dataclass(frozen=True)
class Listed:
    """What was packed of one source: items {about, frame, key} and refusals, as they lie in the archive."""

    key: str
    items: list[dict[str, Any]]
    refused: list[dict[str, Any]]


@dataclass
class Made:
    """The description as it is stored, and the key of each part by name."""

    about: dict[str, Any]
    keys: dict[str, str] = field(default_factory=dict)

    def add(self, kind: str, listed: Listed, says: dict[str, Any] | None = None, **of: Any) -> None:
        """Put packed items under a kind, each with its part, what else is known, and where it is from."""
        for number, one in enumerate(listed.items):
            key = f"{kind[0]}{len(self.about[kind])}"
            row = {"key": key, **one["about"], **(says or {}), "frame": one["frame"]}
            row["of"] = {**of, "place": number}
            if one["key"]:
                row["part"] = f"{key}.bin"
                self.keys[row["part"]] = one["key"]
            self.about[kind].append(row)
        self.about["refused"] += listed.refused
        self.keys[f"listing{len(self.keys)}"] = listed.key


def make(house: House, sources: Sources) -> Made:
    """Pack what is not packed yet. Raises ObjectMissing where the archive lacks an object."""
    kinds: dict[str, Any] = {"images": [], "structures": [], "doses": [], "beams": [], "refused": []}
    made = Made({"format": FORMAT, **kinds})
    for series in sources.images:
        found = _kept(house, "images", series.hashes, partial(_images, house, series))
        made.add("images", found, series=series.series)
    for source in sources.structure_sets:
        found = _kept(house, "structures", [source.digest], partial(_structures, house, source))
        made.add("structures", found, version=source.version)
    for dose in sources.doses:
        named = [*(one.digest for one in dose.objects), repr(dose.scale)]
        found = _kept(house, "dose", named, partial(_dose, house, dose))
        says = {"summation": dose.summation, "type": dose.type}
        versions = [one.version for one in dose.objects]
        made.add("doses", found, says, chosen=dose.chosen, versions=versions)
    if sources.plan is not None:
        made.about["beams"] = _beams(house, sources.plan)
    _name_frames(made.about)
    return made


def _name_frames(about: dict[str, Any]) -> None:
    """Frames of reference as f0, f1, ...: f0 is what structures, else doses, else images are on.

    An object that names none is taken to lie on f0 (which dose does the same).
    """
    every = [*about["structures"], *about["doses"], *about["images"], *about["beams"]]
    marks = list(dict.fromkeys(row["frame"] for row in every if row["frame"])) or [""]
    names = {mark: f"f{number}" for number, mark in enumerate(marks)}
    for row in every:
        row["frame"] = names.get(row["frame"], "f0")
    about["frames"] = {name: mark for mark, name in names.items()}


def _images(house: House, source: ImageSource) -> Pack:
    return pack_images([partial(read_object, house.store, digest) for digest in source.hashes])


def _structures(house: House, source: ObjectSource) -> Pack:
    return pack_structures(read_structure_set(*read_object(house.store, source.digest)))


def _dose(house: House, source: DoseSource) -> Pack:
    grids = [read_dose(*read_object(house.store, one.digest)) for one in source.objects]
    return Pack((pack_dose(grids, [source.scale] * len(grids)),))


def _beams(house: House, source: ObjectSource) -> list[dict[str, Any]]:
    try:
        packed = pack_beams(read_plan(*read_object(house.store, source.digest)))
    except DicomError:
        return []
    return [{**beam, "frame": packed.frame} for beam in packed.about["beams"]]


def _kept(house: House, kind: str, named: Sequence[str], pack: Callable[[], Pack]) -> Listed:
    """What `pack` gives, from the archive where it lies there."""
    inputs = hashlib.sha256(f"{PACKING}:{kind}:{','.join(named)}".encode()).hexdigest()
    listing = derived_key(inputs, "json")
    there = _read_json(house, listing)
    if there is not None and all(house.store.exists(one["key"]) for one in there["items"] if one["key"]):
        return Listed(listing, there["items"], there["refused"])
    try:
        found = pack()
    except DicomError:
        found = Pack(refused=(Refusal(kind, "unreadable"),))
    items = list(_stored(house, inputs, found.items))
    refused = [one.said() for one in found.refused]
    house.store.erase(listing)
    kept = {"items": items, "refused": refused}
    house.store.put(listing, json.dumps(kept, separators=(",", ":")).encode())
    return Listed(listing, items, refused)


def _stored(house: House, inputs: str, items: tuple[Packed, ...]) -> Iterator[dict[str, Any]]:
    for place, one in enumerate(items):
        key = ""
        if one.blob:
            key = derived_key(hashlib.sha256(f"{inputs}:{place}".encode()).hexdigest(), "bin")
            house.store.put(key, one.blob)
        yield {"about": one.about, "frame": one.frame, "key": key}


def _read_json(house: House, key: str) -> dict[str, Any] | None:
    try:
        with house.store.open(key) as stream:
            found: dict[str, Any] = json.loads(stream.read())
            return found
    except (ObjectMissing, ValueError):
        return None
