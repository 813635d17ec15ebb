"""Carrying out erasures: rows, archive, parcels, proof."""

from planbank.services.erase.run import Eraser, erase_due

__all__ = ["Eraser", "erase_due"]
