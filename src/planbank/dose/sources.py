"""Whatever holds a DICOM object, opened: a path, its bytes, or a pydicom data set.

Comes in: a `Source`. Goes out: a `StructureSet`, a `DoseGrid` or a `Plan`. The only place of the
science that reads files, for notebooks and the command line.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from pydicom.dataset import Dataset
from pydicom.filebase import DicomBytesIO
from pydicom.filewriter import write_dataset

from planbank.dicom.dose_grid import DoseGrid, read_dose
from planbank.dicom.encoding import EXPLICIT_BIG, IMPLICIT_LITTLE, encoding_of, split_file
from planbank.dicom.headers import scan
from planbank.dicom.plan import Plan, read_plan
from planbank.dicom.structure_set import StructureSet, read_structure_set
from planbank.errors import DicomUnsupported

if TYPE_CHECKING:
    from collections.abc import Collection

Source = str | os.PathLike[str] | bytes | Dataset
"""A path, the bytes of a file (Part 10 or a bare data set), or an opened pydicom data set."""


def encoded(source: Source) -> tuple[bytes | memoryview, str]:
    """The data-set bytes of a source and their Transfer Syntax UID.

    Raises OSError where a file cannot be read, DicomMalformed where it is no DICOM.
    """
    if isinstance(source, Dataset):
        return _of_data_set(source)
    data = source if isinstance(source, bytes) else Path(source).read_bytes()
    syntax, inner = split_file(data)
    return inner, syntax


def open_structure_set(source: Source | StructureSet) -> StructureSet:
    """The structure set with its contours (mm, patient coordinates). Raises DicomError, OSError."""
    if isinstance(source, StructureSet):
        return source
    return read_structure_set(*_of_kind(source, {"RTSTRUCT"}))


def open_dose(source: Source | DoseGrid) -> DoseGrid:
    """The dose with its values. Raises DicomError where it cannot be placed or scaled, and OSError."""
    return source if isinstance(source, DoseGrid) else read_dose(*_of_kind(source, {"RTDOSE"}))


def open_plan(source: Source | Plan) -> Plan:
    """The plan, RT Ion Plan or brachytherapy plan. Raises DicomError, OSError."""
    return source if isinstance(source, Plan) else read_plan(*_of_kind(source, {"RTPLAN"}))


def _of_kind(source: Source, wanted: Collection[str]) -> tuple[bytes | memoryview, str]:
    data, syntax = encoded(source)
    modality = scan(data, syntax).modality
    if modality and modality not in wanted:
        raise DicomUnsupported(f"It is of modality {modality}; wanted: {' or '.join(sorted(wanted))}.")
    return data, syntax


def _of_data_set(ds: Dataset) -> tuple[bytes, str]:
    """Written out as it was read, so that pixels keep their encoding.

    Plain little endian becomes implicit VR, in which contours may be longer than 64 kB.
    """
    meta = getattr(ds, "file_meta", None)
    syntax = str(getattr(meta, "TransferSyntaxUID", IMPLICIT_LITTLE))
    encapsulated = encoding_of(syntax).encapsulated
    if syntax != EXPLICIT_BIG and not encapsulated:
        syntax = IMPLICIT_LITTLE
    buffer = DicomBytesIO()
    buffer.is_little_endian = syntax != EXPLICIT_BIG
    buffer.is_implicit_VR = syntax == IMPLICIT_LITTLE
    write_dataset(buffer, ds)
    return buffer.getvalue(), syntax
