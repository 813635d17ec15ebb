"""Slices for the tests of stacks."""

from __future__ import annotations

from typing import Any

from planbank.dicom.stacks import Slice

AXIAL = (1.0, 0.0, 0.0, 0.0, 1.0, 0.0)


def slice_at(z: float, number: int | None = None, **more: Any) -> Slice:
    """An axial image; `marks` as (phase, echo, b-value, trigger delay, acquisition, image type)."""
    uid = more.pop("uid", f"1.2.{round((z + 1000) * 1000)}.{number or 0}")
    return Slice(uid, more.pop("cosines", AXIAL), (0.0, 0.0, z), "1.9", number, **more)


def scan(count: int, spacing: float = 3.0, first: float = -100.0, **more: Any) -> list[Slice]:
    """`count` images numbered from 1 at one spacing."""
    return [slice_at(first + spacing * k, k + 1, **more) for k in range(count)]
