"""dictionary: what a changed dictionary makes of every plan of its protocol."""

from planbank.services.dictionary.run import dictionary

__all__ = ["dictionary"]
