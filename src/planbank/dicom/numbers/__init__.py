"""National numbers of patients: one file a scheme, found by itself (R20, R129).

Comes in: an ID as an institution wrote it, normalised. Goes out: `Number`, or None for what is no number
of the scheme. A file names its `SCHEME`; its title for people stands in `people/schemes.py`.
"""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module
from pkgutil import iter_modules

from planbank.dicom.numbers.scheme import Number, Scheme


def _found() -> dict[str, Scheme]:
    names = sorted(one.name for one in iter_modules(__path__) if one.name not in ("scheme", "checks"))
    schemes: list[Scheme] = [import_module(f"{__name__}.{name}").SCHEME for name in names]
    return {scheme.name: scheme for scheme in schemes}


SCHEMES: Mapping[str, Scheme] = _found()
"""By name; 'local' is none of them: it is the absence of one."""

__all__ = ["SCHEMES", "Number", "Scheme"]
