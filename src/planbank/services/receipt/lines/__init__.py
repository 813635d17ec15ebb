"""The lines of receipts: one file a kind, found by itself."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from importlib import import_module
from pkgutil import iter_modules
from types import ModuleType

from planbank.services.receipt.lines.line import ORDER, About, Line

KINDS: Mapping[str, ModuleType] = {
    module.name: import_module(f"{__name__}.{module.name}")
    for module in iter_modules(__path__)
    if module.name != "line"
}


def lines_of(about: About) -> list[Line]:
    """Every line, worst first."""
    found: Iterable[Line] = (line for kind in KINDS.values() for line in kind.lines(about))
    return sorted(found, key=lambda line: ORDER[line.state])


__all__ = ["KINDS", "About", "Line", "lines_of"]
