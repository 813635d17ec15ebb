"""What the science read, as JSON for the row of an object.

Comes in: frozen dataclasses of planbank.dicom. Goes out: dicts of plain values, and text cut to
the width of its column.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from planbank.dicom.findings import Finding
    from planbank.dicom.references import References


def reference_lists(references: References) -> dict[str, list[Any]]:
    """The references that are not empty, under the names of `References`."""
    skipped = {"sop_class_uid", "sop_instance_uid"}
    return {
        name: [list(v) if isinstance(v, tuple) else v for v in value]
        for name, value in asdict(references).items()
        if name not in skipped and value
    }


def finding_list(findings: Iterable[Finding]) -> list[list[str]]:
    """[[code, about], ...]"""
    return [[finding.code, finding.about[:200]] for finding in findings]


def cut(text: str, width: int = 64) -> str:
    """Text without NUL, at most as wide as its column."""
    return text.replace("\0", " ")[:width]


def clean(value: Any) -> Any:
    """JSON that PostgreSQL keeps: no NUL in text, no NaN or infinity in numbers, tuples as lists."""
    if isinstance(value, str):
        return value.replace("\0", " ")
    if isinstance(value, float):
        return value if value == value and abs(value) != float("inf") else None
    if isinstance(value, dict):
        return {str(k): clean(v) for k, v in value.items()}
    if isinstance(value, (list, tuple)):
        return [clean(v) for v in value]
    return value
