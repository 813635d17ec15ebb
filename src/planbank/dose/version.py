"""The name and version of the dose engine's method.

Comes in: nothing. Goes out: what every stored DVH carries, without loading the engine.
"""

from __future__ import annotations

ALGORITHM = "shape-2"
"""The method in force; a change of any stored number is a new version."""

PRISMS = "slab-2"
"""The name of what differs from it by a convention asked for, and of derived structures."""
