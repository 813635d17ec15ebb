"""The rows of this room that two people may edit at once are those of `people.revised`."""

from __future__ import annotations

from planbank.people.revised import Revised

__all__ = ["Revised"]
