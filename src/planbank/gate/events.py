"""What the gate refused, told to the institution: parcels of kind 'event'.

Comes in: a refusal in plain words. Goes out: a sealed parcel whose data are JSON:

    {"what": "association" | "context" | "object" | "operation", "status": "A700",
     "reason": "The disk is full.", "sop_class_uid": "1.2...", "sop_instance_uid": "1.2...",
     "at": "2026-11-22T10:00:00.000000+00:00"}

`status` is the DIMSE status in hex, the result/source/reason of an A-ASSOCIATE-RJ ('1/1/7'),
the result of a presentation context, 'aborted', or 'tls' where the handshake failed. Nothing a
peer sent gets in but well-formed UIDs.
"""

from __future__ import annotations

import json
import logging
import threading
import time
from collections import OrderedDict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from planbank.errors import PlanbankError
from planbank.gate.uids import is_uid

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from planbank.gate.caller import Caller
    from planbank.transit.tray import Tray

What = Literal["association", "context", "object", "operation"]

_PER_ADDRESS = 200  # at once; a whole refused CT series is still told of object by object
_IN_TOTAL = 2000
_REFILL_SECONDS = 10.0  # for one more event of an address
_TOTAL_REFILL_SECONDS = 1.0
_ADDRESSES = 4096

_log = logging.getLogger(__name__)


@dataclass
class _Bucket:
    """How many events are left, and how many were left out since the last one."""

    left: float
    filled_at: float
    left_out: int = 0

    def refill(self, most: int, seconds: float, now: float) -> None:
        self.left = min(most, self.left + (now - self.filled_at) / seconds)
        self.filled_at = now


class Events:
    """Deposits refusals, so few per address that a scanner cannot fill the disk."""

    def __init__(
        self,
        tray: Tray,
        now: Callable[[], datetime],
        *,
        count: Callable[[str], None] = lambda _what: None,
        per_address: int = _PER_ADDRESS,
        ticks: Callable[[], float] = time.monotonic,
    ) -> None:
        """`count` is told of each refusal, reported or not; `ticks`: a clock of seconds that only
        goes forward, for the rate.
        """
        self._tray = tray
        self._now = now
        self._count = count
        self._per_address = per_address
        self._ticks = ticks
        self._lock = threading.Lock()
        self._total = _Bucket(_IN_TOTAL, ticks())
        self._addresses: OrderedDict[str, _Bucket] = OrderedDict()

    def refused(
        self,
        caller: Caller,
        what: What,
        status: str,
        reason: str,
        sop_class_uid: str = "",
        sop_instance_uid: str = "",
    ) -> None:
        """Deposit one refusal, or count it where the address has used up its share. Never raises."""
        self._count(what)
        left_out = self._admit(caller.address)
        if left_out is None:
            return
        if left_out:
            reason += f" ({left_out} more refusals from this address were not reported.)"
        now = self._now()
        event = {
            "what": what,
            "status": status,
            "reason": reason,
            "sop_class_uid": sop_class_uid if is_uid(sop_class_uid) else "",
            "sop_instance_uid": sop_instance_uid if is_uid(sop_instance_uid) else "",
            "at": now.isoformat(timespec="microseconds"),
        }
        try:
            self._tray.put(caller.header("event", now), [json.dumps(event).encode()])
        except (OSError, PlanbankError) as exc:
            _log.error("A refusal could not be reported: %s", exc)

    def _admit(self, address: str) -> int | None:
        """How many were left out before this one; None where this one is left out too."""
        with self._lock:
            now = self._ticks()
            bucket = self._addresses.setdefault(address, _Bucket(self._per_address, now))
            self._addresses.move_to_end(address)
            if len(self._addresses) > _ADDRESSES:
                self._addresses.popitem(last=False)
            bucket.refill(self._per_address, _REFILL_SECONDS, now)
            self._total.refill(_IN_TOTAL, _TOTAL_REFILL_SECONDS, now)
            if min(bucket.left, self._total.left) < 1:
                bucket.left_out += 1
                return None
            bucket.left -= 1
            self._total.left -= 1
            left_out, bucket.left_out = bucket.left_out, 0
            return left_out
