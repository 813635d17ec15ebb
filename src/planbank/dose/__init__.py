"""dose: DVHs of structure sets in doses, and what is asked of them.

`planbank.dose.dvh` is the function for notebooks; it is loaded when it is first asked for, so that
rooms that only choose doses or read stored curves load no more than they need.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from planbank.dose.notebook import dvh
    from planbank.dose.results import Results, RoiResult

__all__ = ["Results", "RoiResult", "dvh"]


def __getattr__(name: str) -> Any:
    """The public names of the package (PEP 562)."""
    if name == "dvh":
        from planbank.dose import notebook

        return notebook.dvh
    if name in ("Results", "RoiResult"):
        from planbank.dose import results

        return getattr(results, name)
    raise AttributeError(f"module 'planbank.dose' has no attribute {name!r}")
