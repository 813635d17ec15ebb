"""A list as CSV, for spreadsheets and programs alike.

Comes in: heads and an iterator of rows. Goes out: a response that is written while it is read,
so that its size does not matter. The dialect is that of the reader's language (R79).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from django.http import HttpRequest, StreamingHttpResponse
from django.utils.formats import get_format

from planbank.exports.csv_file import COMMA, POINT, Dialect, cell, lines


def wants_csv(request: HttpRequest) -> bool:
    """Whether this address asks for the CSV of a list."""
    return request.GET.get("format") == "csv"


def as_csv(
    name: str, heads: Sequence[str], rows: Iterable[Sequence[Any]], dialect: Dialect | None = None
) -> StreamingHttpResponse:
    """A download called `name`; rows are taken while it runs."""
    if dialect is None:
        dialect = COMMA if get_format("DECIMAL_SEPARATOR") == "," else POINT
    response = StreamingHttpResponse(lines(heads, rows, dialect), content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="{name}.csv"'
    response["Cache-Control"] = "no-store"
    return response


__all__ = ["as_csv", "cell", "wants_csv"]
