"""What is checked of a data set while it streams by.

Comes in: the fragments of one data set. Goes out: nothing, or ObjectRefused.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from planbank.errors import ObjectRefused
from planbank.gate.dimse import Status

if TYPE_CHECKING:
    from collections.abc import Callable

    from planbank.gate.limits import Limits
    from planbank.transit.parcel import Header


class Walk(Protocol):
    """A check that is fed with a data set piece by piece."""

    def feed(self, fragment: memoryview) -> None:
        """The next bytes; the view is not valid afterwards. Raises ObjectRefused."""

    def end(self) -> None:
        """No more bytes come. Raises ObjectRefused."""


if TYPE_CHECKING:
    StartWalk = Callable[[Header, Limits], Walk]


class SizeWalk:
    """Refuses a data set that is empty, or longer than the limit."""

    def __init__(self, _header: Header, limits: Limits) -> None:
        self._limit = limits.object_bytes
        self._size = 0

    def feed(self, fragment: memoryview) -> None:
        self._size += len(fragment)
        if self._size > self._limit:
            raise ObjectRefused(Status.OUT_OF_RESOURCES, "The data set is longer than allowed.")

    def end(self) -> None:
        if not self._size:
            raise ObjectRefused(Status.CANNOT_UNDERSTAND, "The data set is empty.")
