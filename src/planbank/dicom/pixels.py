"""Stored pixel values, whatever their encoding.

Comes in: an opened data set with Pixel Data. Goes out: the stored numbers as an array
(frames, rows, columns), still unscaled. Compressed ones go through pydicom and its plugins.
Source: DICOM PS3.5 section 8 and annex A.4.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.pixels.utils import pixel_array
from pydicom.uid import UID

from planbank.dicom.encoding import ENCAPSULATED_UNCOMPRESSED, encoding_of
from planbank.errors import DicomMalformed, DicomUnsupported

if TYPE_CHECKING:
    from typing import Any

    from numpy.typing import NDArray

    from planbank.dicom.items import Item

_DESCRIPTION = (
    *("SamplesPerPixel", "BitsAllocated", "BitsStored", "HighBit", "PixelRepresentation"),
    *("Rows", "Columns", "NumberOfFrames"),
)

MOST_VALUES = 2**29
"""Values of one object that are unpacked: 2000 planes of 512 x 512. A few compressed bytes can claim any."""


def frames_of(ds: Item, shape: tuple[int, int, int], transfer_syntax_uid: str) -> NDArray[Any]:
    """Stored values of grey images as an array of `shape` (frames, rows, columns).

    Raises DicomUnsupported where bits, samples or compression cannot be read, and
    DicomMalformed where there are fewer values than the shape needs.
    """
    bits, signed = ds.integer("BitsAllocated"), ds.integer("PixelRepresentation") == 1
    if bits not in (8, 16, 32) or (ds.integer("SamplesPerPixel") or 1) != 1:
        raise DicomUnsupported(f"Pixels of {bits} bits are not read.")
    element = ds.element("PixelData")
    if element is None:
        raise DicomUnsupported("There are no pixel data.")
    kind = np.dtype(f"{'i' if signed else 'u'}{bits // 8}")
    if element.undefined:
        return _encapsulated(ds, shape, kind, transfer_syntax_uid)
    data = ds.walker.data[element.start : element.end]
    if bits == 8 and element.vr == b"OW" and not ds.walker.encoding.little:
        data = np.frombuffer(data, ">u2").astype("<u2").tobytes()  # bytes in words (PS3.5, annex D.3)
    return _plain(data, shape, kind, little=ds.walker.encoding.little)


def _plain(
    data: bytes | memoryview, shape: tuple[int, int, int], kind: np.dtype[Any], *, little: bool
) -> NDArray[Any]:
    count = int(np.prod(shape))
    if len(data) < count * kind.itemsize:
        raise DicomMalformed(f"{len(data)} bytes of pixels are fewer than {count} values need.")
    return np.frombuffer(data, kind.newbyteorder("<" if little else ">"), count).reshape(shape)


def _encapsulated(
    ds: Item, shape: tuple[int, int, int], kind: np.dtype[Any], transfer_syntax_uid: str
) -> NDArray[Any]:
    element = ds.element("PixelData")
    assert element is not None
    data = ds.walker.data
    if transfer_syntax_uid == ENCAPSULATED_UNCOMPRESSED:
        fragments = [bytes(data[start:end]) for start, end in ds.walker.items(element)]
        return _plain(b"".join(fragments[1:]), shape, kind, little=True)
    if not encoding_of(transfer_syntax_uid).encapsulated:
        raise DicomMalformed("Pixels come in fragments, though the syntax is not compressed.")
    if int(np.prod([int(side) for side in shape], dtype=object)) > MOST_VALUES:
        raise DicomUnsupported(f"More than {MOST_VALUES} values in one object are not unpacked.")
    compressed = Dataset()
    for keyword in _DESCRIPTION:
        value = ds.integer(keyword)
        if value is not None:
            setattr(compressed, keyword, value)
    compressed.PhotometricInterpretation = ds.text("PhotometricInterpretation") or "MONOCHROME2"
    compressed.file_meta = FileMetaDataset()
    compressed.file_meta.TransferSyntaxUID = UID(transfer_syntax_uid)
    compressed.PixelData = bytes(data[element.start : element.end])
    compressed["PixelData"].VR = "OB"
    compressed["PixelData"].is_undefined_length = True
    try:
        return np.asarray(pixel_array(compressed, raw=True)).reshape(shape)
    except Exception as exc:
        # decoders raise whatever they like; the object stays, only its values cannot be had
        raise DicomUnsupported(f"The compressed pixels cannot be read ({type(exc).__name__}).") from exc
