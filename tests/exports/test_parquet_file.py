"""A table as Parquet: what goes in is read again, by name and kind (R79)."""

from __future__ import annotations

from typing import Any

import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from planbank.exports import parquet_file
from planbank.exports.parquet_file import is_there, parquet, pieces

TEXT = st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=8)
ROWS = st.lists(st.tuples(TEXT, st.none() | st.floats(allow_nan=False), TEXT), max_size=30)


@settings(max_examples=25)
@given(rows=ROWS)
def test_what_goes_in_comes_out(rows: list[tuple[str, float | None, str]]) -> None:
    with parquet(["id", "D95%", "id"], rows) as file:
        table = pq.read_table(file)
    assert table.column_names == ["id", "D95%", "id (2)"]
    held = [tuple(one.values()) for one in table.to_pylist()]
    assert [one[0] or "" for one in held] == [row[0] for row in rows]
    if any(row[1] is not None for row in rows):
        assert [one[1] for one in held] == [row[1] for row in rows]


def test_it_is_written_in_portions(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(parquet_file, "PORTION", 7)
    rows: list[list[Any]] = [[str(n), n, True, None] for n in range(50)]
    file = parquet(["a", "b", "c", "d"], rows)
    assert pq.ParquetFile(file).num_row_groups == 8 and is_there()
    file.seek(0)
    data = b"".join(pieces(file))
    assert data[:4] == data[-4:] == b"PAR1" and file.closed
