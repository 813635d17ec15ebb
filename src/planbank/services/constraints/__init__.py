"""constraints: whether plans keep the dose constraints of their protocols."""

from planbank.services.constraints.run import constraints

__all__ = ["constraints"]
