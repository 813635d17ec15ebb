"""Which of the objects a request names are safe (PS3.4 section J.3.3).

Comes in: references and the institution whose sender asks. Goes out: those that are safe, and
those that are not, with a Failure Reason. Only what that institution submitted is looked at:
whether another one holds an object is nobody else's business (model.md, Tenancy).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import IntEnum
from typing import TYPE_CHECKING

import structlog

from planbank.archive.names import object_key
from planbank.archive.part10 import content_hash
from planbank.audits.models import Return
from planbank.catalogue.models import Submission
from planbank.errors import DicomError, StoreError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from planbank.archive.store import Store
    from planbank.services.commit.read import Reference

_AT_A_TIME = 1000

log = structlog.get_logger(__name__)


class Reason(IntEnum):
    """Failure Reason (0008,1197), as PS3.4 section J.3.3 and PS3.3 section C.14.1.1 define them."""

    PROCESSING_FAILURE = 0x0110
    NO_SUCH_INSTANCE = 0x0112
    CLASS_CONFLICT = 0x0119


@dataclass
class Verdict:
    """`damaged`: objects that the catalogue has and the archive does not give back as they came."""

    safe: list[Reference] = field(default_factory=list)
    failed: list[tuple[str, str, int]] = field(default_factory=list)
    damaged: int = 0


def judge(
    store: Store,
    institution: int | None,
    references: Sequence[Reference],
    stop: Callable[[], bool] = lambda: False,
) -> Verdict | None:
    """Read every object anew and compare its content hash; None where `stop` said so in between.

    Every version that the institution submitted under a UID must be there, byte for byte.
    """
    verdict = Verdict()
    for begin in range(0, len(references), _AT_A_TIME):
        portion = references[begin : begin + _AT_A_TIME]
        held = _held(institution, {uid for _class, uid in portion})
        for sop_class, sop_instance in portion:
            if stop():
                return None
            reason = _why_not(store, sop_class, held.get(sop_instance, ()), verdict)
            if reason is None:
                verdict.safe.append((sop_class, sop_instance))
            else:
                verdict.failed.append((sop_class, sop_instance, int(reason)))
    return verdict


def _held(institution: int | None, uids: set[str]) -> dict[str, set[tuple[str, str]]]:
    """SOP Instance UID -> (SOP Class UID, content hash) of what the institution submitted under it."""
    if institution is None:
        return {}
    rows = Submission.objects.filter(
        institution=institution,
        instance__institution=institution,
        instance__sop_instance_uid__in=uids - {""},
    )
    held: dict[str, set[tuple[str, str]]] = {}
    columns = "instance__sop_instance_uid", "version__sop_class_uid", "version__content_hash"
    for uid, sop_class, digest in rows.order_by().values_list(*columns).distinct():
        held.setdefault(uid, set()).add((sop_class, digest))
    # What came back to an audit study is of no patient, and as safe as all the rest (R108).
    back = Return.objects.filter(institution=institution, version__sop_instance_uid__in=uids - {""})
    names = "version__sop_instance_uid", "version__sop_class_uid", "version__content_hash"
    for uid, sop_class, digest in back.order_by().values_list(*names).distinct():
        held.setdefault(uid, set()).add((sop_class, digest))
    return held


def _why_not(
    store: Store, sop_class: str, versions: Iterable[tuple[str, str]], verdict: Verdict
) -> Reason | None:
    if not versions:
        return Reason.NO_SUCH_INSTANCE
    if any(held != sop_class for held, _digest in versions):
        return Reason.CLASS_CONFLICT
    if all(_is_whole(store, digest) for _class, digest in versions):
        return None
    verdict.damaged += 1
    return Reason.PROCESSING_FAILURE


def _is_whole(store: Store, digest: str) -> bool:
    """Whether the archive gives back the bytes whose hash this is. All of them are read."""
    try:
        with store.open(object_key(digest)) as stream:
            whole = content_hash(stream) == digest
    except (StoreError, DicomError, OSError) as exc:
        log.error("an object cannot be read back", hash=digest, kind=type(exc).__name__)
        return False
    if not whole:
        log.error("an object was changed in the archive", hash=digest)
    return whole
