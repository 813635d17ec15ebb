"""A table as Parquet, for notebooks: numbers as numbers, columns by name.

Comes in: heads and rows, written while they are read. Goes out: a file without a name, at its beginning. The
library is pyarrow (planbank[parquet]); `is_there` says whether it is installed.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterable, Iterator, Sequence
from importlib.util import find_spec
from itertools import islice
from typing import Any, BinaryIO, cast

PORTION = 20_000
PIECE = 1 << 20


def is_there() -> bool:
    """Whether tables can be written as Parquet here."""
    return find_spec("pyarrow") is not None


def parquet(heads: Sequence[str], rows: Iterable[Sequence[Any]]) -> BinaryIO:
    """The table. A column is of numbers where the first portion of it holds nothing else, else of text."""
    import pyarrow as pa
    from pyarrow import parquet as pq

    file = cast("BinaryIO", tempfile.TemporaryFile())  # noqa: SIM115
    source, schema, writer = iter(rows), None, None
    names = _once(heads)
    try:
        while (portion := [list(row) for row in islice(source, PORTION)]) or writer is None:
            columns = list(zip(*portion, strict=True)) if portion else [() for _name in names]
            if schema is None:
                kinds = [pa.float64() if _is_numbers(column) else pa.string() for column in columns]
                schema = pa.schema(list(zip(names, kinds, strict=True)))
                writer = pq.ParquetWriter(file, schema)
            arrays = [
                pa.array([_cell(value, kind == pa.float64()) for value in column], kind)
                for column, kind in zip(columns, schema.types, strict=True)
            ]
            assert writer is not None
            writer.write_table(pa.Table.from_arrays(arrays, schema=schema))
            if not portion:
                break
    finally:
        if writer is not None:
            writer.close()
    file.seek(0)
    return file


def pieces(file: BinaryIO) -> Iterator[bytes]:
    """The bytes of the file, which is gone afterwards."""
    with file:
        while piece := file.read(PIECE):
            yield piece


def _once(heads: Sequence[str]) -> list[str]:
    """Names of columns, each once: a second one of a name gets a number."""
    seen: dict[str, int] = {}
    found = []
    for head in heads:
        seen[head] = seen.get(head, 0) + 1
        found.append(head if seen[head] == 1 else f"{head} ({seen[head]})")
    return found


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _is_numbers(column: Sequence[Any]) -> bool:
    held = [value for value in column if value not in (None, "")]
    return bool(held) and all(map(_is_number, held))


def _cell(value: Any, number: bool) -> Any:
    if value is None or value == "":
        return None
    if number:
        return float(value) if _is_number(value) else None
    return str(value)
