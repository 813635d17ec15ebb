"""The messages of one association, one after the other: C-STORE, C-ECHO (PS3.7 section 9).

Comes in: messages and the agreed presentation contexts. Goes out: a response to each request.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from planbank.errors import PeerSlow, ProtocolBroken
from planbank.gate.dimse import CommandField, Status, respond
from planbank.gate.pdu import AbortReason
from planbank.gate.uids import VERIFICATION

if TYPE_CHECKING:
    from collections.abc import Mapping

    from planbank.gate.caller import Caller
    from planbank.gate.desk import Desk
    from planbank.gate.dimse import Command
    from planbank.gate.limits import Limits
    from planbank.gate.messages import DataSet, Messages


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
        while not self._ending:
            if time.monotonic() > until:
                raise PeerSlow("The association was open too long.")
            self._idle_since = time.monotonic()
            context_id, command = self._messages.next_command()
            self._idle_since = None
            self._answer(context_id, command)

    def _answer(self, context_id: int, command: Command) -> None:
        context = self._contexts.get(context_id)
        if context is None:
            raise ProtocolBroken("The context was not agreed.", AbortReason.INVALID_PARAMETER)
        command.check_request()
        data_set = self._messages.data_set(context_id) if command.has_data_set else None
        if command.field == CommandField.C_STORE:
            status, comment = self._store(context, command, data_set)
        else:
            if data_set is not None:
                data_set.drain()
            if command.field == CommandField.C_CANCEL:
                return  # nothing here can be cancelled, and it has no response
            status, comment = self._other(context, command)
        self._messages.send_command(context_id, respond(command, status, comment))

    def _store(self, context: tuple[str, str], command: Command, data_set: DataSet | None) -> tuple[int, str]:
        self.tally.object_in_hand = True
        stored = self._desk.store.keep(command, context, data_set, self._caller, self._limits)
        self.tally.object_in_hand = False
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

    def _other(self, context: tuple[str, str], command: Command) -> tuple[int, str]:
        """Status and comment for anything but C-STORE."""
        if command.field != CommandField.C_ECHO:
            status, reason = Status.UNRECOGNISED_OPERATION, "This gate takes C-STORE and C-ECHO."
        elif context[0] != VERIFICATION:
            status, reason = Status.SOP_CLASS_NOT_SUPPORTED, "C-ECHO belongs to Verification."
        else:
            return Status.SUCCESS, ""
        self._desk.events.refused(self._caller, "operation", f"{status:04X}", reason, command.sop_class_uid)
        return status, reason
