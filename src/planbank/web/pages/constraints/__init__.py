"""Constraints of a protocol: what is asked, how plans keep it, changing it."""
