"""names: what a patient's plans hold in the words of their protocols (judge.py serves `dictionary` too)."""

from planbank.services.names.run import names

__all__ = ["names"]
