"""C-STORE: from the socket into the transit area (PS3.4 Annex B, PS3.7 section 9.1.1).

Comes in: a command and its data set, still on its way. Goes out: one sealed parcel, durable, and
success; or a status that says why not, and nothing left behind.
"""

from __future__ import annotations

import errno
import logging
from dataclasses import dataclass
from typing import TYPE_CHECKING

from planbank.errors import GateError, ObjectRefused, PlanbankError
from planbank.gate.dimse import Status
from planbank.gate.uids import STORAGE_COMMITMENT, VERIFICATION, is_uid

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from datetime import datetime

    from planbank.gate.allowance import Allowance
    from planbank.gate.caller import Caller
    from planbank.gate.dimse import Command
    from planbank.gate.limits import Limits
    from planbank.gate.messages import DataSet
    from planbank.gate.walk import StartWalk, Walk
    from planbank.transit.tray import Tray

_FULL = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Stored:
    """How a C-STORE ended: the status to answer, the reason where it is no success, bytes kept."""

    status: int
    reason: str = ""
    size: int = 0


class Store:
    """Keeps objects in a tray."""

    def __init__(
        self, tray: Tray, start_walk: StartWalk, now: Callable[[], datetime], allowance: Allowance
    ) -> None:
        """`allowance`: how much unknown senders may still leave."""
        self._tray = tray
        self._start_walk = start_walk
        self._now = now
        self._allowance = allowance

    def keep(
        self,
        command: Command,
        context: tuple[str, str],
        data_set: DataSet | None,
        caller: Caller,
        limits: Limits,
    ) -> Stored:
        """Keep one object. `context` is (abstract syntax, transfer syntax) of its presentation context.

        Success only after the tray holds it durably. Whatever the end, the data set has been read
        to its end when this returns. Raises GateError when the association cannot go on.
        """
        try:
            size = self._put(command, context, data_set, caller, limits)
        except ObjectRefused as refused:
            stored = Stored(refused.status, refused.detail)
        except GateError:
            raise
        except (OSError, PlanbankError) as exc:
            stored = _failed(exc)
        else:
            return Stored(Status.SUCCESS, size=size)
        if data_set is not None:
            data_set.drain()
        return stored

    def _put(
        self,
        command: Command,
        context: tuple[str, str],
        data_set: DataSet | None,
        caller: Caller,
        limits: Limits,
    ) -> int:
        _check(command, context[0])
        if data_set is None:
            raise ObjectRefused(Status.CANNOT_UNDERSTAND, "There is no data set.")
        header = caller.header(
            "object", self._now(), command.sop_class_uid, command.sop_instance_uid, context[1]
        )
        walk = self._start_walk(header, limits)
        if caller.known:
            return self._tray.put(header, _walked(data_set, walk)).size
        with self._allowance.room(caller.address, limits) as grow:
            return self._tray.put(header, _walked(data_set, walk, grow)).size


def _walked(data_set: DataSet, walk: Walk, grow: Callable[[int], None] | None = None) -> Iterator[memoryview]:
    for fragment in data_set.fragments():
        if grow is not None:
            grow(len(fragment))
        walk.feed(fragment)
        yield fragment
    walk.end()


def _check(command: Command, abstract_syntax: str) -> None:
    """Raises ObjectRefused unless the command names an object that may come in this context."""
    sop_class_uid = command.sop_class_uid
    for name, uid in (("SOP Class UID", sop_class_uid), ("SOP Instance UID", command.sop_instance_uid)):
        if not is_uid(uid):
            fault = "malformed" if uid else "missing"
            raise ObjectRefused(Status.DATA_SET_MISMATCH, f"The command's {name} is {fault}.")
    if sop_class_uid != abstract_syntax or sop_class_uid in (VERIFICATION, STORAGE_COMMITMENT):
        raise ObjectRefused(
            Status.SOP_CLASS_NOT_SUPPORTED, "The SOP class is not a storage class agreed for this context."
        )


def _failed(exc: OSError | PlanbankError) -> Stored:
    """The answer when the tray could not keep the object; not the peer's fault, so it may try again."""
    if isinstance(exc, OSError):
        full = exc.errno in _FULL
        reason = "The disk is full." if full else "The object could not be written safely."
        _log.error("An object was refused: %s", exc.strerror or type(exc).__name__)
    else:
        reason = "The object could not be sealed."
        _log.error("An object was refused: %s", exc)
    return Stored(Status.OUT_OF_RESOURCES, reason)
