"""receipt: tells the sender what came of each plan set, in plain words, once."""

from planbank.services.receipt.run import receipt

__all__ = ["receipt"]
