"""hand_out: brings audit copies to the centres' nodes (R107)."""

from planbank.services.hand_out.run import hand_out

__all__ = ["hand_out"]
