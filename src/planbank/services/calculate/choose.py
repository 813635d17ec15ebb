"""Which dose a plan set's DVHs are taken from."""

from __future__ import annotations

from planbank.catalogue.findings import Wanted
from planbank.catalogue.models import PlanSet
from planbank.house import House


def settle_calculations(house: House, plan_set: PlanSet) -> list[Wanted]:
    """Make the calculations of a plan set exactly what its chosen doses ask for."""
    return []
