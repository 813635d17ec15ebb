"""What a bundle is made of: a description (JSON) and blobs.

Comes in: where an object's bytes come from. Goes out: the types that every part of the bundle shares.
Numbers in descriptions are mm in patient coordinates (DICOM PS3.3, section C.7.6.2.1.1) unless said.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

FORMAT = 1
"""Of descriptions and blobs; raise it when a reader of the old ones would misread the new ones."""

Read = Callable[[], tuple[bytes, str]]
"""Reads an object: its data set and its Transfer Syntax UID."""


@dataclass(frozen=True, slots=True)
class Refusal:
    """What cannot be drawn: `what` ('images', 'dose', 'structures'), `why` (a code), how many."""

    what: str
    why: str
    count: int = 1

    def said(self) -> dict[str, Any]:
        """As it stands in a description."""
        return {"what": self.what, "why": self.why, "count": self.count}


@dataclass(frozen=True, slots=True)
class Packed:
    """One description with its blob; `frame` names the frame of reference without telling it."""

    about: dict[str, Any]
    blob: bytes
    frame: str


@dataclass(frozen=True, slots=True)
class Pack:
    """What came of one source: what can be drawn of it, and what cannot."""

    items: tuple[Packed, ...] = ()
    refused: tuple[Refusal, ...] = field(default=())


def frame_mark(uid: str) -> str:
    """A name for a frame of reference by which two can be compared; '' where none is named."""
    return hashlib.sha256(uid.encode()).hexdigest()[:16] if uid else ""


def plain(values: NDArray[np.float64] | tuple[float, ...], places: int = 6) -> list[float]:
    """Numbers for JSON, without a negative zero."""
    return [float(value) + 0.0 for value in np.round(np.asarray(values, float), places)]
