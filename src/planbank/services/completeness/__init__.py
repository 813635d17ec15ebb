"""completeness: is anything missing from the images of a series? (R28, R29)"""

from planbank.services.completeness.run import completeness

__all__ = ["completeness"]
