"""derive: DVHs of structures that are made of others."""

from planbank.services.derive.run import derive

__all__ = ["derive"]
