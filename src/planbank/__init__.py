"""planbank: a bank of complete radiotherapy plans."""

__version__ = "0.1.0"
