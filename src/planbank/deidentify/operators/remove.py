"""X: the attribute is left out.

Comes in: an element. Goes out: nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from planbank.deidentify.element import Answer, Found

CODE = "X"


def apply(found: Found) -> Answer:
    """Leave it out."""
    found.scope.did("removed", found.tag)
    return None
