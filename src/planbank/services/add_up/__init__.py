"""add_up: doses of several plans that a protocol analyses together."""

from planbank.services.add_up.run import add_up

__all__ = ["add_up"]
