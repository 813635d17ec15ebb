"""A structure set with some of its ROIs (R105).

Comes in: the bytes of a structure set and the numbers of the ROIs that stay. Goes out: the same file without
the others, in all three sequences that name them (PS3.3, C.8.8.5, C.8.8.6, C.8.8.8). Contours that stay are
written as they came, digit for digit; so is every other element.
"""

from __future__ import annotations

from collections.abc import Collection
from io import BytesIO

from pydicom import dcmread, dcmwrite
from pydicom.errors import InvalidDicomError

from planbank.errors import Refused

_NUMBERED = {
    "StructureSetROISequence": "ROINumber",
    "ROIContourSequence": "ReferencedROINumber",
    "RTROIObservationsSequence": "ReferencedROINumber",
}


def only(data: bytes, numbers: Collection[int]) -> bytes:
    """The file with these ROIs alone. Raises Refused where it cannot be read."""
    kept = set(numbers)
    try:
        ds = dcmread(BytesIO(data))
        for name, number in _NUMBERED.items():
            if name in ds:
                items = [item for item in ds[name].value if int(item.get(number, -1)) in kept]
                ds[name].value[:] = items
        for item in ds.get("StructureSetROISequence", ()):
            _drop_derivations(item, kept)
        buffer = BytesIO()
        dcmwrite(buffer, ds, enforce_file_format=False)
    except (InvalidDicomError, ValueError, TypeError, KeyError, AttributeError, NotImplementedError) as exc:
        raise Refused("The structure set cannot be read to its end.") from exc
    return buffer.getvalue()


def _drop_derivations(item: object, kept: set[int]) -> None:
    """What an ROI was made from names other ROIs by number: none that is not here."""
    sources = getattr(item, "DefinitionSourceSequence", None)
    if sources and any(int(one.get("ReferencedROINumber", -1)) not in kept for one in sources):
        del item.DefinitionSourceSequence  # type: ignore[attr-defined]
