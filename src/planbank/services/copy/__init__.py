"""copy: makes the copies of audit studies (R103 to R105, R110, R111)."""

from planbank.services.copy.run import copy

__all__ = ["copy"]
