"""What is checked of a data set while it streams by (receive.md, rule 3).

Comes in: the fragments of one data set. Goes out: nothing, or ObjectRefused.
"""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING, Protocol

from planbank.errors import ObjectRefused
from planbank.gate.coding import DEFLATED_SYNTAX, coding_of
from planbank.gate.dimse import Status
from planbank.gate.inflate import Inflate
from planbank.gate.structure import Structure, malformed

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from planbank.gate.limits import Limits
    from planbank.transit.parcel import Header

_SOP_CLASS_UID = 0x00080016
_SOP_INSTANCE_UID = 0x00080018
_TRANSACTION_UID = 0x00081195
_REFERENCED_SOP_SEQUENCE = 0x00081199


class Walk(Protocol):
    """A check that is fed with a data set piece by piece."""

    def feed(self, fragment: memoryview) -> None:
        """The next bytes; the view is not valid afterwards. Raises ObjectRefused."""

    def end(self) -> None:
        """No more bytes come. Raises ObjectRefused."""


if TYPE_CHECKING:
    StartWalk = Callable[[Header, Limits], Walk]


class RequestWalk:
    """Refuses a storage commitment request that is empty or too long, breaks the rules of encoding,
    or has no Transaction UID or Referenced SOP Sequence (PS3.4 Table J.3-1).
    """

    def __init__(self, transfer_syntax_uid: str, limits: Limits) -> None:
        self._data_set = Structure(
            coding_of(transfer_syntax_uid),
            (
                (_TRANSACTION_UID, "Transaction UID", None),
                (_REFERENCED_SOP_SEQUENCE, "Referenced SOP Sequence", None),
            ),
        )
        self._limit = limits.request_bytes
        self._size = 0

    def feed(self, fragment: memoryview) -> None:
        self._size += len(fragment)
        if self._size > self._limit:
            raise ObjectRefused(Status.RESOURCE_LIMITATION, "The request is longer than allowed.")
        with _as_argument():
            self._data_set.feed(fragment)

    def end(self) -> None:
        with _as_argument():
            if not self._size:
                raise malformed("The request is empty.")
            self._data_set.end()


@contextlib.contextmanager
def _as_argument() -> Iterator[None]:
    """The statuses of C-STORE are not those of N-ACTION (PS3.7 section 10.1.4.1.10)."""
    try:
        yield
    except ObjectRefused as refused:
        raise ObjectRefused(Status.INVALID_ARGUMENT, refused.detail) from None


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
