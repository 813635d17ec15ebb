"""clean: sees what of a patient stands in no protocol, and when it goes (R31)."""

from planbank.services.clean.run import clean

__all__ = ["clean"]
