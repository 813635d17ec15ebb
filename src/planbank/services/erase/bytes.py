"""What an erasure removes from the archive.

Comes in: content hashes, keys and parcel ids. Goes out: objects that no row needs, pictures, and lines of
arrival records removed. Safe to run again: what is gone is passed over.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from planbank.archive.arrivals import ArrivalRecord, arrival_records
from planbank.archive.names import object_key
from planbank.catalogue.models import Bundle, InstanceVersion, ScenePart
from planbank.errors import ObjectMissing
from planbank.house import House

_ARRIVALS = "arrivals/"
_FOLDER = 7  # letters of a parcel id that name the folder (archive.names.arrival_key)


def remove_bytes(house: House, work: dict[str, Any]) -> dict[str, int]:
    """Returns {files, bytes, pictures, arrivals} that were removed in this run."""
    needed = set(
        InstanceVersion.objects.filter(content_hash__in=work["objects"]).values_list(
            "content_hash", flat=True
        )
    )
    files = size = 0
    for digest in work["objects"]:
        if digest not in needed:
            found = _size(house, object_key(digest))
            files += house.store.erase(object_key(digest))
            size += found
    drawn = Bundle.objects.filter(picture_key__in=work["derived"]).values_list("picture_key", "lines_key")
    kept = {key for pair in drawn for key in pair}
    kept |= set(ScenePart.objects.filter(key__in=work["derived"]).values_list("key", flat=True))
    pictures = sum(house.store.erase(key) for key in work["derived"] if key not in kept)
    arrivals = _arrivals(house, work["parcels"])
    return {"files": files, "bytes": size, "pictures": pictures, "arrivals": arrivals}


def _size(house: House, key: str) -> int:
    try:
        return house.store.size(key)
    except ObjectMissing:
        return 0


def _arrivals(house: House, parcels: Sequence[str]) -> int:
    """Write records that tell of these parcels anew without them, then remove the old; returns lines.

    A record lies in the folder of the oldest parcel of its batch, which may be much older than ours
    when that one was released from quarantine: all folders up to the newest of ours are looked into.
    """
    if not parcels:
        return 0
    gone, newest = set(parcels), max(parcels)[:_FOLDER]
    lines = 0
    for key in [k for k in house.store.keys(_ARRIVALS) if k[len(_ARRIVALS) :][:_FOLDER] <= newest]:
        with house.store.open(key) as stream:
            body = json.loads(stream.read())
        at = body["columns"].index("parcel_id")
        rest = [row for row in body["arrivals"] if row[at] not in gone]
        if len(rest) == len(body["arrivals"]):
            continue
        if rest:
            house.store.put(
                *arrival_records([ArrivalRecord(**dict(zip(body["columns"], r, strict=True))) for r in rest])
            )
        house.store.erase(key)
        lines += len(body["arrivals"]) - len(rest)
    return lines
