"""Storage commitment, push model, as one association sees it (PS3.4 Annex J, PS3.7 section 10.1).

Comes in: N-ACTION requests. Goes out: each as a sealed, signed parcel for `work`, answered 0000
once it is durable; and, while the association is open, N-EVENT-REPORT with what `work` answered.
Which objects are safe is never decided here: the gate cannot see any.
"""

from __future__ import annotations

import errno
import json
import logging
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from planbank.errors import GateError, ObjectRefused, PlanbankError
from planbank.gate.dimse import CommandField, Status, request_event_report
from planbank.gate.reports import encode_report, event_type
from planbank.gate.uids import STORAGE_COMMITMENT, STORAGE_COMMITMENT_INSTANCE
from planbank.gate.walk import RequestWalk
from planbank.transit.parcel import Header, new_parcel_id

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from datetime import datetime

    from planbank.gate.caller import Caller
    from planbank.gate.dimse import Command
    from planbank.gate.limits import Limits
    from planbank.gate.messages import DataSet, Messages
    from planbank.transit.answers import Answer, Answers, Hold
    from planbank.transit.tray import Tray

_ASK_FOR_COMMITMENT = 1  # action type (PS3.4 section J.3.2.1)
_FULL = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Kept:
    """How an N-ACTION ended: the status to answer, the reason where it is no success."""

    status: int
    reason: str = ""


class Requests:
    """Where requests are left and answers are found; one for all associations of a process."""

    def __init__(self, tray: Tray, now: Callable[[], datetime]) -> None:
        self._tray = tray
        self._now = now

    @property
    def answers(self) -> Answers:
        """What `work` says."""
        return self._tray.answers

    def header(self, caller: Caller, transfer_syntax_uid: str) -> Header:
        """The header of a request that begins now."""
        return caller.header("commitment", self._now(), transfer_syntax_uid=transfer_syntax_uid)

    def leave(self, header: Header, fragments: Iterator[memoryview]) -> None:
        """Durable when this returns. Raises ObjectRefused, OSError, PlanbankError."""
        self._tray.put(header, fragments)

    def close(self, answer: Answer, outcome: str, **detail: str | int) -> bool:
        """Tell the bank what became of an answer, then never report it again.

        outcome: reported, given-up or no-node. False where the transit area did not take it: then
        the answer is reported once more, later. The other order could lose that it was.
        """
        now = self._now()
        header = Header(
            parcel_id=new_parcel_id(now),
            kind="report",
            association_id=answer.association_id,
            calling_ae=answer.calling_ae,
            called_ae=answer.called_ae,
            address=answer.host,
            received_at=now.isoformat(timespec="microseconds"),
        )
        body = {"request": answer.request_id, "outcome": outcome, **detail}
        try:
            self._tray.put(header, [json.dumps(body).encode()])
            self.answers.finish(answer.request_id)
        except (OSError, PlanbankError) as exc:
            _log.error("What became of a commitment could not be told: %s", exc)
            return False
        return True


@dataclass
class _Open:
    """A request of this association that was not reported yet."""

    context_id: int
    syntax: str
    hold: Hold


@dataclass
class _Sent:
    """A report that the peer has not answered yet."""

    answer: Answer
    message_id: int
    until: float


class Commitments:
    """The requests of one association. For its own thread only."""

    def __init__(self, requests: Requests, messages: Messages, caller: Caller, limits: Limits) -> None:
        self._requests = requests
        self._messages = messages
        self._caller = caller
        self._limits = limits
        self._open: dict[str, _Open] = {}
        self._sent: _Sent | None = None
        self._message_id = 0

    @property
    def busy(self) -> bool:
        """Whether something is still to be reported here."""
        return bool(self._open)

    def take(self, context_id: int, syntax: str, command: Command, data_set: DataSet | None) -> Kept:
        """Answer an N-ACTION. Whatever the end, the data set has been read to its end.

        Raises GateError when the association cannot go on.
        """
        header = self._requests.header(self._caller, syntax)
        hold: Hold | None = None
        try:
            _check(command)
            if data_set is None:
                raise ObjectRefused(Status.INVALID_ARGUMENT, "There is no data set.")
            # Before the request can be answered: no other process may report it meanwhile.
            hold = self._requests.answers.hold(header.parcel_id)
            self._requests.leave(header, _walked(data_set, RequestWalk(syntax, self._limits)))
        except ObjectRefused as refused:
            kept = Kept(refused.status, refused.detail)
        except GateError:
            _let_go(hold)
            raise
        except (OSError, PlanbankError) as exc:
            kept = _failed(exc)
        else:
            self._open[header.parcel_id] = _Open(context_id, syntax, hold)
            return Kept(Status.SUCCESS)
        _let_go(hold)
        if data_set is not None:
            data_set.drain()
        return kept

    def send_due(self) -> None:
        """Send the next report where an answer has come and the peer answered the one before."""
        if self._sent is not None:
            if time.monotonic() > self._sent.until:
                self._leave_to_others(self._sent.answer.request_id)
            return
        for request_id in list(self._open):
            try:
                answer = self._requests.answers.read(request_id)
            except (OSError, PlanbankError) as exc:
                _log.error("An answer cannot be used: %s", exc)
                self._leave_to_others(request_id)
                continue
            if answer is not None:
                self._send(answer, self._open[request_id])
                return

    def take_response(self, command: Command) -> bool:
        """Whether the command is the peer's response to our report. Raises ProtocolBroken."""
        sent = self._sent
        if sent is None or not command.is_response_to(CommandField.N_EVENT_REPORT, sent.message_id):
            return False
        if command.status == Status.SUCCESS:
            self._requests.close(sent.answer, "reported", via="same")
        else:
            _log.info("A report was refused here.", extra={"fields": {"status": f"{command.status:04X}"}})
        self._leave_to_others(sent.answer.request_id)
        return True

    def close(self) -> None:
        """The association ends: whatever is open is reported on one of its own."""
        for request_id in list(self._open):
            self._leave_to_others(request_id)

    def _send(self, answer: Answer, request: _Open) -> None:
        self._message_id = self._message_id % 0xFFFF + 1
        self._sent = _Sent(answer, self._message_id, time.monotonic() + self._limits.pdu_seconds)
        command = request_event_report(
            self._message_id, STORAGE_COMMITMENT, STORAGE_COMMITMENT_INSTANCE, event_type(answer)
        )
        self._messages.send_command(request.context_id, command)
        self._messages.send_data_set(request.context_id, encode_report(answer, request.syntax))

    def _leave_to_others(self, request_id: str) -> None:
        if self._sent is not None and self._sent.answer.request_id == request_id:
            self._sent = None
        _let_go(self._open.pop(request_id).hold)


def _walked(data_set: DataSet, walk: RequestWalk) -> Iterator[memoryview]:
    for fragment in data_set.fragments():
        walk.feed(fragment)
        yield fragment
    walk.end()


def _check(command: Command) -> None:
    """Raises ObjectRefused unless the command asks for commitment of the well-known instance."""
    if command.requested_sop_class_uid != STORAGE_COMMITMENT:
        raise ObjectRefused(Status.NO_SUCH_SOP_CLASS, "The SOP class is not storage commitment.")
    if command.requested_sop_instance_uid != STORAGE_COMMITMENT_INSTANCE:
        raise ObjectRefused(Status.NO_SUCH_INSTANCE, "It is not the well-known SOP instance.")
    if command.action_type != _ASK_FOR_COMMITMENT:
        raise ObjectRefused(Status.NO_SUCH_ACTION, "There is only action type 1.")


def _failed(exc: OSError | PlanbankError) -> Kept:
    """The answer when the request could not be kept; not the peer's fault, so it may ask again."""
    _log.error("A request was refused: %s", getattr(exc, "strerror", None) or type(exc).__name__)
    if isinstance(exc, OSError) and exc.errno in _FULL:
        return Kept(Status.RESOURCE_LIMITATION, "The disk is full.")
    return Kept(Status.PROCESSING_FAILURE, "The request could not be kept safely.")


def _let_go(hold: Hold | None) -> None:
    if hold is not None:
        hold.close()
