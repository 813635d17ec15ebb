"""compare: what observers of an audit study drew, held against each other (R112)."""

from planbank.services.compare.run import compare

__all__ = ["compare"]
