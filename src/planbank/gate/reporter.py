"""Reports whose association is gone: to the sender's own node, again and again, then given up.

Comes in: answers that nobody holds. Goes out: each reported on an association of its own, or
given up after a stated time, with a word to the bank. One process of the gate does this; when it
dies another takes over. A node that does not answer is left alone for longer each time, and
holds up no other.
"""

from __future__ import annotations

import logging
import threading
import time
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from planbank.errors import PlanbankError, ReportFailed, ReportRefused
from planbank.gate.requestor import report

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from planbank.gate.commitment import Requests
    from planbank.gate.limits import Limits
    from planbank.gate.tls import Tls
    from planbank.transit.answers import Answer

PAUSES = (5.0, 15.0, 60.0, 300.0, 900.0, 1800.0, 3600.0)
"""Seconds to wait after the first, second, ... attempt in vain; the last one from then on."""
LEAST_ATTEMPTS = 8
"""Made in any case, so that a clock set forward gives nothing up before its time."""
_LOOK_SECONDS = 1.0
_AT_ONCE = 4

_log = logging.getLogger(__name__)


@dataclass
class _Tries:
    """What was tried in vain, for a node or for one report. `next_at` by the monotonic clock."""

    attempts: int = 0
    next_at: float = 0.0
    busy: bool = False

    def is_due(self) -> bool:
        return time.monotonic() >= self.next_at


_NONE = _Tries()


class Reporter:
    """A thread that looks for answers, and some that report them."""

    def __init__(
        self,
        requests: Requests,
        limits: Callable[[], Limits],
        now: Callable[[], datetime],
        tls: Tls | None = None,
        *,
        pauses: Sequence[float] = PAUSES,
        look_seconds: float = _LOOK_SECONDS,
    ) -> None:
        self._requests = requests
        self._limits = limits
        self._now = now
        self._tls = tls
        self._pauses = pauses
        self._look_seconds = look_seconds
        self._nodes: dict[tuple[str, int], _Tries] = {}
        self._refused: dict[str, _Tries] = {}
        self._unusable: set[str] = set()
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._run, name="reporter", daemon=True)

    def start(self) -> None:
        """Begin, where this process can believe answers at all."""
        if self._requests.answers.can_verify():
            self._thread.start()

    def stop(self) -> None:
        """Begin no more attempts; those in hand are left to end with the process."""
        self._ended.set()
        if self._thread.is_alive():
            self._thread.join()

    def _run(self) -> None:
        while not self._ended.wait(self._look_seconds):
            try:
                self.look()
            except (OSError, PlanbankError) as exc:
                _log.error("Answers could not be looked at: %s", exc)

    def look(self) -> None:
        """Begin an attempt for every node that is due. Raises OSError."""
        answers = self._requests.answers
        waiting = answers.waiting()
        self._unusable &= set(waiting)
        for gone in self._refused.keys() - set(waiting):
            self._refused.pop(gone, None)
        if not waiting or not answers.lead():
            return
        by_node: dict[tuple[str, int], list[Answer]] = {}
        for request_id in waiting:
            if request_id in self._unusable or answers.is_held(request_id):
                continue
            answer = self._read(request_id)
            if answer is not None:
                by_node.setdefault((answer.host, answer.port), []).append(answer)
        for node in self._nodes.keys() - by_node.keys():
            if not self._nodes[node].busy:
                del self._nodes[node]
        for node, due in by_node.items():
            self._begin(node, due)

    def _read(self, request_id: str) -> Answer | None:
        try:
            return self._requests.answers.read(request_id)
        except PlanbankError as exc:
            _log.error("An answer cannot be used: %s", exc)
            self._unusable.add(request_id)
            return None

    def _begin(self, node: tuple[str, int], due: list[Answer]) -> None:
        if not node[0]:
            for answer in due:
                self._requests.close(answer, "no-node")
            return
        tries = self._nodes.setdefault(node, _Tries())
        due = [answer for answer in due if self._refused.get(answer.request_id, _NONE).is_due()]
        at_work = sum(other.busy for other in self._nodes.values())
        if tries.busy or not due or not tries.is_due() or at_work >= _AT_ONCE:
            return
        tries.busy = True
        threading.Thread(target=self._try, args=(tries, due), name="report", daemon=True).start()

    def _try(self, tries: _Tries, due: list[Answer]) -> None:
        """One attempt for a node: its answers in order, until it cannot be reached."""
        try:
            for number, answer in enumerate(due):
                if self._ended.is_set():
                    return
                try:
                    report(answer, self._limits(), self._tls)
                except ReportRefused as exc:  # this one only: the others may be welcome
                    self._failed(self._refused.setdefault(answer.request_id, _Tries()), [answer], exc.detail)
                    continue
                except ReportFailed as exc:
                    self._failed(tries, due[number:], exc.detail)
                    return
                self._requests.close(answer, "reported", via="new")
                tries.attempts = 0
        except Exception:
            _log.exception("A report failed by a fault of the gate.")
            self._failed(tries, due, "A fault of the gate.")
        finally:
            tries.busy = False

    def _failed(self, tries: _Tries, due: list[Answer], reason: str) -> None:
        pause = self._pauses[min(tries.attempts, len(self._pauses) - 1)]
        tries.attempts += 1
        tries.next_at = time.monotonic() + pause
        fields = {"attempts": tries.attempts, "reason": reason, "again_in": pause}
        _log.warning("a commitment could not be reported", extra={"fields": fields})
        if tries.attempts < LEAST_ATTEMPTS:
            return
        before = self._now() - timedelta(seconds=self._limits().report_seconds)
        for answer in due:
            if datetime.fromisoformat(answer.answered_at) < before:
                self._requests.close(answer, "given-up", attempts=tries.attempts, reason=reason[:200])
