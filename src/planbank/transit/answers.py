"""The bank's answers to storage commitment requests, on their way to the gate.

Comes in: an `Answer`, made and signed by `work`. Goes out: the same answer, once its signature
was verified, for the gate to report to the sender (PS3.4 Annex J). An answer names UIDs and
where to report; nothing else of a patient. Implementations: `folder_answers.FolderAnswers` and
`memory.MemoryAnswers`, held to one contract suite (tests/contract/test_answers.py).

    answer = JSON, signature block (signature.py) by 'work' over its SHA-256
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass
from io import BytesIO
from typing import TYPE_CHECKING, Any, Protocol

from planbank.errors import KeyMissing, ParcelDamaged
from planbank.transit.parcel import checked_parcel_id
from planbank.transit.signature import signed

if TYPE_CHECKING:
    from planbank.transit.signature import Signer, VerifyKey

ANSWERS_BY = "work"
_PURPOSE = b"planbank answer 1\n"


@dataclass(frozen=True)
class Answer:
    """What became of a request: the objects that are safe, and those that are not, with the reason.

    `request_id` is the id of the request's parcel; AE titles are those of its association:
    `calling_ae` is the sender. `safe`: (SOP Class UID, SOP Instance UID); `failed`: the same and a
    Failure Reason (0008,1197). `host` and `port`: where the sender listens, empty and 0 where nobody
    registered it. `secured`: the request came by TLS, so the report goes by TLS.
    """

    request_id: str
    association_id: str
    calling_ae: str
    called_ae: str
    transaction_uid: str
    answered_at: str
    safe: tuple[tuple[str, str], ...] = ()
    failed: tuple[tuple[str, str, int], ...] = ()
    host: str = ""
    port: int = 0
    secured: bool = False

    def to_json(self) -> bytes:
        return json.dumps(asdict(self), separators=(",", ":"), ensure_ascii=True).encode()

    @classmethod
    def from_json(cls, data: bytes) -> Answer:
        """Raises ParcelDamaged when the JSON is no answer."""
        try:
            given: dict[str, Any] = json.loads(data)
            safe = tuple((str(c), str(i)) for c, i in given.pop("safe"))
            failed = tuple((str(c), str(i), int(reason)) for c, i, reason in given.pop("failed"))
            return cls(safe=safe, failed=failed, **given)
        except (ValueError, TypeError, KeyError, AttributeError, RecursionError) as exc:
            raise ParcelDamaged("It is no answer.") from exc


class Hold(Protocol):
    """Says that the association of a request is open, until it is closed or its process dies."""

    def close(self) -> None: ...


class Answers(Protocol):
    """Where answers lie between `work` and the gate."""

    def publish(self, answer: Answer) -> bool:
        """Sign and keep an answer, durable when this returns; False where the request has one already.

        Raises KeyMissing where this process may not answer.
        """

    def waiting(self) -> list[str]:
        """Ids of requests whose answer is still to be reported, oldest first."""

    def read(self, request_id: str) -> Answer | None:
        """The answer, its signature verified; None where there is none, or it was reported.

        Raises ParcelDamaged, ParcelUnsigned; KeyMissing where this process has no key to verify.
        """

    def finish(self, request_id: str) -> None:
        """It was reported, or given up: it waits no longer, and is not published again."""

    def forget(self, request_id: str) -> None:
        """The bank knows what became of it: nothing of it is left."""

    def hold(self, request_id: str) -> Hold:
        """For as long as the request's association is open: only its process reports."""

    def is_held(self, request_id: str) -> bool:
        """Whether the association of the request is open, in any process."""

    def lead(self) -> bool:
        """Whether this process is the one that opens associations to report; it is until it ends."""

    def can_verify(self) -> bool:
        """Whether this process holds the key to believe an answer."""


def sign(answer: Answer, signer: Signer | None) -> bytes:
    """The bytes of an answer. Raises KeyMissing without a key."""
    if signer is None:
        raise KeyMissing("This process may not answer the gate.")
    checked_parcel_id(answer.request_id)
    body = answer.to_json()
    return body + signer.block(_digest(body))


def verified(data: bytes, request_id: str, verify_key: VerifyKey | None) -> Answer:
    """The answer in `data`. Raises KeyMissing, ParcelUnsigned, ParcelDamaged (also under another's name)."""
    if verify_key is None:
        raise KeyMissing("No public key to verify answers with.")
    said = signed(BytesIO(data), {ANSWERS_BY: verify_key})
    body = data[: said.size]
    if _digest(body) != said.digest:
        raise ParcelDamaged("Its bytes are not those that were signed.")
    answer = Answer.from_json(body)
    if answer.request_id != request_id:
        raise ParcelDamaged("It lies under another request's name.")
    return answer


def _digest(body: bytes) -> bytes:
    return hashlib.sha256(_PURPOSE + body).digest()
