"""The transit area in memory: the twin of `folder.FolderTray` for tests and for trying things out.

Comes in: fragments of data with a header. Goes out: the same sealed, signed bytes a file would hold.
"""

from __future__ import annotations

import errno
import heapq
import io
import json
import os
from typing import TYPE_CHECKING, Any

from planbank.errors import KeyMissing, ParcelMissing
from planbank.transit.answers import Answer, Answers, sign, verified
from planbank.transit.envelope import OpensSeals, open_parcel
from planbank.transit.look import Look, look
from planbank.transit.parcel import Header, Trailer, checked_parcel_id
from planbank.transit.reseal import reseal
from planbank.transit.seal import Recipients, as_recipients, seal_parcel
from planbank.transit.tray import Load, Opened, Sink, checked_name

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    from planbank.transit.signature import Signer, VerifyKey


class MemoryTray:
    """A transit area that ends with its process (the port is `tray.Tray`)."""

    def __init__(
        self,
        *,
        recipients: Recipients | Sequence[str] = (),
        signer: Signer | None = None,
        opener: OpensSeals | None = None,
        verifiers: Mapping[str, VerifyKey] | None = None,
        answer_signer: Signer | None = None,
        answer_key: VerifyKey | None = None,
    ) -> None:
        self.answers: Answers = MemoryAnswers(signer=answer_signer, verify_key=answer_key)
        self._recipients = as_recipients(recipients)
        self._signer = signer
        self._opener = opener
        self._verifiers = dict(verifiers or {})
        self._incoming: dict[str, bytes] = {}
        self._aside: dict[str, bytes] = {}
        self._control: dict[str, tuple[float, bytes]] = {}

    def put(self, header: Header, fragments: Iterable[bytes | memoryview]) -> Trailer:
        if self._recipients is None or self._signer is None:
            raise KeyMissing("This process may not leave parcels.")
        parcel_id = checked_parcel_id(header.parcel_id)
        sealed = io.BytesIO()
        trailer = seal_parcel(header, fragments, sealed.write, self._recipients, self._signer)
        if parcel_id in self._incoming:
            raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST), parcel_id)
        self._incoming[parcel_id] = sealed.getvalue()
        return trailer

    def waiting(self, limit: int | None = None) -> list[str]:
        names = list(self._incoming)
        return sorted(names) if limit is None else heapq.nsmallest(limit, names)

    def open(self, parcel_id: str, begin: Callable[[Header], Sink]) -> Opened:
        content = self._place(parcel_id)[parcel_id]
        return open_parcel(io.BytesIO(content), parcel_id, begin, self._opener, self._verifiers)

    def look(self, parcel_id: str) -> Look:
        return look(io.BytesIO(self._place(parcel_id)[parcel_id]), self._opener, self._verifiers)

    def reseal(self, parcel_id: str, signer: Signer | None = None) -> Trailer:
        signer = signer or self._signer
        if self._recipients is None or signer is None:
            raise KeyMissing("This process may not leave parcels.")
        recipients, place = self._recipients, self._place(parcel_id)

        def seal(header: Header, data: Iterator[bytes]) -> Trailer:
            sealed = io.BytesIO()
            trailer = seal_parcel(header, data, sealed.write, recipients, signer)
            if parcel_id not in place:
                raise ParcelMissing
            place[parcel_id] = sealed.getvalue()
            return trailer

        return reseal(lambda begin: self.open(parcel_id, begin), seal)

    def _place(self, parcel_id: str) -> dict[str, bytes]:
        """Where a parcel lies. Raises ParcelMissing."""
        checked_parcel_id(parcel_id)
        for place in (self._incoming, self._aside):
            if parcel_id in place:
                return place
        raise ParcelMissing

    def delete(self, parcel_id: str) -> None:
        for place in (self._incoming, self._aside):
            place.pop(checked_parcel_id(parcel_id), None)

    def quarantine(self, parcel_id: str) -> None:
        _move(parcel_id, self._incoming, self._aside)

    def release(self, parcel_id: str) -> None:
        _move(parcel_id, self._aside, self._incoming)

    def quarantined(self) -> list[str]:
        return list(self._aside)

    def load(self) -> Load:
        sizes = [len(content) for content in list(self._incoming.values())]
        return Load(len(sizes), sum(sizes))

    def publish(self, name: str, content: dict[str, Any]) -> None:
        self._control[checked_name(name)] = (self.changed(name) + 1.0, json.dumps(content).encode())

    def read(self, name: str) -> dict[str, Any] | None:
        published = self._control.get(checked_name(name))
        if published is None:
            return None
        content: dict[str, Any] = json.loads(published[1])
        return content

    def changed(self, name: str) -> float:
        published = self._control.get(checked_name(name))
        return published[0] if published else 0.0


class MemoryAnswers:
    """Answers that end with their process (the port is `answers.Answers`)."""

    def __init__(self, *, signer: Signer | None = None, verify_key: VerifyKey | None = None) -> None:
        self._signer = signer
        self._verify_key = verify_key
        self._kept: dict[str, bytes] = {}
        self._held: set[str] = set()

    def publish(self, answer: Answer) -> bool:
        data = sign(answer, self._signer)
        return self._kept.setdefault(answer.request_id, data) is data

    def waiting(self) -> list[str]:
        return sorted(request_id for request_id, data in self._kept.items() if data)

    def read(self, request_id: str) -> Answer | None:
        data = self._kept.get(checked_parcel_id(request_id))
        return verified(data, request_id, self._verify_key) if data else None

    def finish(self, request_id: str) -> None:
        self._kept[checked_parcel_id(request_id)] = b""

    def forget(self, request_id: str) -> None:
        self._kept.pop(checked_parcel_id(request_id), None)

    def hold(self, request_id: str) -> MemoryHold:
        self._held.add(checked_parcel_id(request_id))
        return MemoryHold(self._held, request_id)

    def is_held(self, request_id: str) -> bool:
        return checked_parcel_id(request_id) in self._held

    def lead(self) -> bool:
        return True

    def can_verify(self) -> bool:
        return self._verify_key is not None


class MemoryHold:
    """One held request."""

    def __init__(self, held: set[str], request_id: str) -> None:
        self._held = held
        self._request_id = request_id

    def close(self) -> None:
        self._held.discard(self._request_id)


def _move(parcel_id: str, source: dict[str, bytes], target: dict[str, bytes]) -> None:
    try:
        target[parcel_id] = source.pop(checked_parcel_id(parcel_id))
    except KeyError:
        raise ParcelMissing from None
