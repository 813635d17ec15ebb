"""The messages of one association, one after the other: C-STORE, C-ECHO, N-ACTION (PS3.7 sections 9, 10).

Comes in: messages and the agreed presentation contexts. Goes out: a response to each request; and
between two of them the reports that were asked for (N-EVENT-REPORT).
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from planbank.errors import PeerSlow, ProtocolBroken
from planbank.gate.commitment import Commitments
from planbank.gate.dimse import CommandField, Status, respond
from planbank.gate.pdu import AbortReason
from planbank.gate.uids import STORAGE_COMMITMENT, VERIFICATION

if TYPE_CHECKING:
    from collections.abc import Mapping

    from planbank.gate.caller import Caller
    from planbank.gate.desk import Desk
    from planbank.gate.dimse import Command
    from planbank.gate.limits import Limits
    from planbank.gate.messages import DataSet, Messages


_LOOK_SECONDS = 0.1
"""Between two looks for a report, while one is expected and the peer is silent."""


@dataclass
class Tally:
    """What one association brought. `object_in_hand`: one is on its way in just now."""

    stored: int = 0
    refused: int = 0
    bytes: int = 0
    object_in_hand: bool = False


class Dialogue:
    """Answers messages until the peer is done."""

    def __init__(
        self,
        messages: Messages,
        contexts: Mapping[int, tuple[str, str]],
        caller: Caller,
        desk: Desk,
        limits: Limits,
    ) -> None:
        """`contexts`: presentation context id -> (abstract syntax, transfer syntax)."""
        self.tally = Tally()
        self._messages = messages
        self._contexts = contexts
        self._caller = caller
        self._desk = desk
        self._limits = limits
        self._commitments = Commitments(desk.requests, messages, caller, limits)
        self._ending = False
        self._idle_since: float | None = None

    def idle_seconds(self) -> float:
        """How long it has waited for the next message; 0 while one is in hand. For any thread."""
        since = self._idle_since
        return 0.0 if since is None else time.monotonic() - since

    def end_soon(self) -> None:
        """End after the message in hand. For any thread."""
        self._ending = True

    def run(self) -> None:
        """Returns only after `end_soon`; ends by PeerReleased and the other errors of `Messages`."""
        until = time.monotonic() + self._limits.association_seconds
        try:
            while not self._ending:
                if time.monotonic() > until:
                    raise PeerSlow("The association was open too long.")
                self._idle_since = time.monotonic()
                self._report_meanwhile()
                context_id, command = self._messages.next_command()
                self._idle_since = None
                self._answer(context_id, command)
        finally:
            self._commitments.close()

    def _report_meanwhile(self) -> None:
        """Send reports as they become due, until the peer says something."""
        until = time.monotonic() + self._limits.idle_seconds
        while self._commitments.busy:
            self._commitments.send_due()
            if self._messages.wait(_LOOK_SECONDS):
                return
            if time.monotonic() > until:
                raise PeerSlow("It sent nothing in time.")

    def _answer(self, context_id: int, command: Command) -> None:
        context = self._contexts.get(context_id)
        if context is None:
            raise ProtocolBroken("The context was not agreed.", AbortReason.INVALID_PARAMETER)
        if self._commitments.take_response(command):
            if command.has_data_set:
                self._messages.data_set(context_id).drain()
            return
        command.check_request()
        data_set = self._messages.data_set(context_id) if command.has_data_set else None
        if command.field == CommandField.C_STORE:
            status, comment = self._store(context, command, data_set)
        elif command.field == CommandField.N_ACTION and context[0] == STORAGE_COMMITMENT:
            status, comment = self._commit(context_id, context[1], command, data_set)
        else:
            if data_set is not None:
                data_set.drain()
            if command.field == CommandField.C_CANCEL:
                return  # nothing here can be cancelled, and it has no response
            status, comment = self._other(context, command)
        self._messages.send_command(context_id, respond(command, status, comment))

    def _store(self, context: tuple[str, str], command: Command, data_set: DataSet | None) -> tuple[int, str]:
        self.tally.object_in_hand, begun = True, time.monotonic()
        stored = self._desk.store.keep(command, context, data_set, self._caller, self._limits)
        self.tally.object_in_hand = False
        seconds = time.monotonic() - begun
        self._desk.meters.object(stored.status, command.sop_class_uid, stored.size, seconds)
        if stored.status == Status.SUCCESS:
            self.tally.stored += 1
            self.tally.bytes += stored.size
        else:
            self.tally.refused += 1
            self._desk.events.refused(
                self._caller,
                "object",
                f"{stored.status:04X}",
                stored.reason,
                command.sop_class_uid,
                command.sop_instance_uid,
            )
        return stored.status, stored.reason

    def _commit(
        self, context_id: int, syntax: str, command: Command, data_set: DataSet | None
    ) -> tuple[int, str]:
        kept = self._commitments.take(context_id, syntax, command, data_set)
        if kept.status != Status.SUCCESS:
            self._refuse(kept.status, kept.reason, command.requested_sop_class_uid)
        return kept.status, kept.reason

    def _other(self, context: tuple[str, str], command: Command) -> tuple[int, str]:
        """Status and comment for anything but C-STORE."""
        if command.field != CommandField.C_ECHO:
            status, reason = Status.UNRECOGNISED_OPERATION, "This is not done here."
        elif context[0] != VERIFICATION:
            status, reason = Status.SOP_CLASS_NOT_SUPPORTED, "C-ECHO belongs to Verification."
        else:
            return Status.SUCCESS, ""
        self._refuse(status, reason, command.sop_class_uid or command.requested_sop_class_uid)
        return status, reason

    def _refuse(self, status: int, reason: str, sop_class_uid: str) -> None:
        self._desk.events.refused(self._caller, "operation", f"{status:04X}", reason, sop_class_uid)
