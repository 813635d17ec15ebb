"""enrol: pseudonyms for the patients of protocols."""

from planbank.services.enrol.run import enrol

__all__ = ["enrol"]
