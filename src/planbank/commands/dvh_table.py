"""What `planbank dvh` prints: a table, a CSV file, or JSON.

Comes in: results and the metrics asked for. Goes out: text; numbers with six decimals in files, two
in the table, nothing for what cannot be had.
"""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any, TextIO

from planbank.errors import NoDvhError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from planbank.dose.metrics import Metric
    from planbank.dose.results import RoiResult

DECIMALS = 6


def write(
    rows: Sequence[RoiResult],
    wanted: Sequence[Metric],
    csv_path: Path | None,
    as_json_only: bool,
    out: TextIO,
) -> None:
    """Write results. Raises NoDvhError where the CSV file cannot be written."""
    names = list(dict.fromkeys(metric.typed for metric in wanted))
    if csv_path is not None:
        try:
            _write_csv(csv_path, rows, names)
        except OSError as exc:
            raise NoDvhError(f"{csv_path} cannot be written: {exc.strerror}.") from exc
    if as_json_only:
        json.dump([as_json(row, names) for row in rows], out, ensure_ascii=False, indent=1, allow_nan=False)
        out.write("\n")
    elif csv_path is None:
        _write_table(out, rows, wanted)


def as_json(row: RoiResult, names: Sequence[str]) -> dict[str, Any]:
    """One object of the JSON list (docs/reference/cli.md)."""
    dvh = row.dvh
    derived = {"expression": row.expression} if row.expression else {}
    return {
        "number": dvh.number,
        "name": dvh.name,
        **derived,
        "dose": list(dvh.dose_uids),
        "volume_cc": _rounded(dvh.volume_cc),
        "outside_cc": _rounded(dvh.outside_cc),
        "min_gy": _rounded(dvh.min_gy),
        "mean_gy": _rounded(dvh.mean_gy),
        "max_gy": _rounded(dvh.max_gy),
        "metrics": {typed: _rounded(value) for typed, value in row.metrics(*names).items()},
        "flags": list(dvh.flags),
    }


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, DECIMALS)


_COLUMNS = ("number", "name", "dose", "volume_cc", "outside_cc", "min_gy", "mean_gy", "max_gy")


def _write_csv(path: Path, rows: Sequence[RoiResult], names: Sequence[str]) -> None:
    with path.open("w", newline="", encoding="utf-8") as stream:
        writer = csv.writer(stream)
        writer.writerow([*_COLUMNS, *names, "flags"])
        for row in rows:
            values = as_json(row, names)
            values["dose"], values["name"] = " ".join(values["dose"]), _plain(row.name)
            cells = [values[column] for column in _COLUMNS] + [values["metrics"][name] for name in names]
            writer.writerow([*cells, " ".join(values["flags"])])


def _plain(name: str) -> str:
    """A name as text: one that a spreadsheet would calculate gets an apostrophe before it."""
    return f"'{name}" if name.startswith(("=", "+", "-", "@", "\t", "\r")) else name


def _write_table(out: TextIO, rows: Sequence[RoiResult], wanted: Sequence[Metric]) -> None:
    names = list(dict.fromkeys(metric.typed for metric in wanted))
    head = ["ROI", "cc", "outside", "min Gy", "mean Gy", "max Gy", *(_heading(m) for m in wanted), "flags"]
    lines = [head]
    for row in rows:
        dvh = row.dvh
        numbers = [dvh.volume_cc, dvh.outside_cc, dvh.min_gy, dvh.mean_gy, dvh.max_gy]
        values = [_shown(value) for value in (*numbers, *row.metrics(*names).values())]
        lines.append([dvh.name or f"ROI {dvh.number}", *values, " ".join(dvh.flags)])
    widths = [max(len(line[i]) for line in lines) for i in range(len(head))]
    previous: tuple[str, ...] = ()
    for line, row in zip(lines, [None, *rows], strict=True):
        if row is not None and row.dvh.dose_uids != previous:
            previous = row.dvh.dose_uids
            out.write(f"dose {' + '.join(previous)}\n")
        cells = [
            line[0].ljust(widths[0]),
            *(v.rjust(w) for v, w in zip(line[1:-1], widths[1:-1], strict=True)),
        ]
        out.write("  ".join([*cells, line[-1]]).rstrip() + "\n")


def _heading(metric: Metric) -> str:
    return metric.typed if metric.typed.endswith("]") or not metric.unit else f"{metric.typed} {metric.unit}"


def _shown(value: float | None) -> str:
    return "-" if value is None else f"{value:.2f}"
