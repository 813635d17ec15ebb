"""A person's own isodose levels (R99).

Comes in: a person, a protocol or none, levels. Goes out: levels kept, and read back in Gy for a plan.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from planbank.people.models import User
from planbank.protocols.models import IsodoseLevels

MOST = 30
HIGHEST = 1000.0
"""Gy or %."""


class UnfitLevels(ValueError):
    """What was handed in are no levels."""


def checked(values: Any, unit: Any) -> tuple[list[float], str]:
    """Levels as they are kept: growing, each once. Raises UnfitLevels."""
    if unit not in IsodoseLevels.Unit.values or not isinstance(values, list) or len(values) > MOST:
        raise UnfitLevels
    if any(isinstance(one, bool) or not isinstance(one, (int, float)) for one in values):
        raise UnfitLevels
    if not all(math.isfinite(one) and 0 < one <= HIGHEST for one in values):
        raise UnfitLevels
    return sorted({round(float(one), 3) for one in values}), unit


def keep(user: User, protocol: int | None, values: Sequence[float], unit: str) -> None:
    """Keep a person's levels for a protocol; none at all forgets them."""
    if not values:
        IsodoseLevels.objects.filter(user=user, protocol=protocol).delete()
        return
    IsodoseLevels.objects.update_or_create(
        user=user, protocol_id=protocol, defaults={"values": list(values), "unit": unit}
    )


def kept(user: User, protocol: int | None) -> tuple[list[float], str] | None:
    """A person's levels for a protocol with their unit."""
    row = IsodoseLevels.objects.filter(user=user, protocol=protocol).first()
    return (list(row.values), row.unit) if row else None


def in_gy(levels: tuple[list[float], str] | None, prescription: float | None) -> list[float] | None:
    """Levels in Gy for a plan; None where there are none, or where they need a prescription it lacks."""
    if levels is None:
        return None
    values, unit = levels
    if unit == IsodoseLevels.Unit.GY:
        return values
    return [round(one * prescription / 100, 3) for one in values] if prescription else None
