"""What is checked of a data set while it streams by (receive.md, rule 3).

Comes in: the fragments of one data set. Goes out: nothing, or ObjectRefused.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from planbank.errors import ObjectRefused
from planbank.gate.coding import DEFLATED_SYNTAX, coding_of
from planbank.gate.dimse import Status
from planbank.gate.inflate import Inflate
from planbank.gate.structure import Structure

if TYPE_CHECKING:
    from collections.abc import Callable

    from planbank.gate.limits import Limits
    from planbank.transit.parcel import Header

_SOP_CLASS_UID = 0x00080016
_SOP_INSTANCE_UID = 0x00080018


class Walk(Protocol):
    """A check that is fed with a data set piece by piece."""

    def feed(self, fragment: memoryview) -> None:
        """The next bytes; the view is not valid afterwards. Raises ObjectRefused."""

    def end(self) -> None:
        """No more bytes come. Raises ObjectRefused."""


if TYPE_CHECKING:
    StartWalk = Callable[[Header, Limits], Walk]


class StructuralWalk:
    """Refuses a data set that is empty or too long, breaks the rules of encoding, or whose SOP
    Class or Instance UID is not the command's.
    """

    def __init__(self, header: Header, limits: Limits) -> None:
        syntax = header.transfer_syntax_uid
        structure = Structure(
            coding_of(syntax),
            (
                (_SOP_CLASS_UID, "SOP Class UID", header.sop_class_uid),
                (_SOP_INSTANCE_UID, "SOP Instance UID", header.sop_instance_uid),
            ),
        )
        self._data_set = Inflate(structure) if syntax == DEFLATED_SYNTAX else structure
        self._limit = limits.object_bytes
        self._size = 0

    def feed(self, fragment: memoryview) -> None:
        self._size += len(fragment)
        if self._size > self._limit:
            raise ObjectRefused(Status.OUT_OF_RESOURCES, "The data set is longer than allowed.")
        self._data_set.feed(fragment)

    def end(self) -> None:
        if not self._size:
            raise ObjectRefused(Status.CANNOT_UNDERSTAND, "The data set is empty.")
        self._data_set.end()
