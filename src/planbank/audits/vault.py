"""The identities of copies, and the way back (R104, R108, R110).

Comes in: the key of the vault, a study, a copy, a return. Goes out: the key that made a copy; for a return,
what it was drawn on and the UIDs that stand there for the copy's. Nothing of it is kept: it follows from
the vault's key whenever it is asked for, and from nothing else.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Iterable
from dataclasses import dataclass

from planbank.audits.models import AuditStudy, CaseFile, Copy, Return
from planbank.catalogue.models import Instance, InstanceVersion
from planbank.deidentify.keys import CopyKey, fingerprint
from planbank.errors import KeyMissing
from planbank.house import House
from planbank.transit.keys import KeyFolder


@dataclass(frozen=True)
class Source:
    """What a return was drawn on. `uids`: the copy's UID -> the source's, of objects, series, studies and
    frames of reference; `images`, `others`: the objects of the source as they were copied."""

    copy: Copy
    uids: dict[str, str]
    images: tuple[InstanceVersion, ...]
    others: tuple[InstanceVersion, ...]


def key_of(house: House, study: AuditStudy, number: int) -> CopyKey:
    """The identities of one copy. Raises KeyMissing where the vault's key is not here, or is another one
    than that under which the study's copies were made."""
    said = f"planbank audit 1 {study.pk}".encode()
    secret = hmac.new(KeyFolder(house.keys).vault_key(), said, hashlib.sha256).digest()
    if study.fingerprint and study.fingerprint != fingerprint(secret):
        raise KeyMissing("vault")
    if not study.fingerprint:
        study.fingerprint = fingerprint(secret)
        AuditStudy.objects.filter(pk=study.pk, fingerprint="").update(fingerprint=study.fingerprint)
    return CopyKey(secret, number)


def source_of(house: House, row: Return) -> Source | None:
    """What a filed return was drawn on; None while it is of no copy. Raises KeyMissing."""
    return source_of_copy(house, row.copy) if row.copy is not None else None


def source_of_copy(house: House, copy: Copy) -> Source:
    """The objects behind a copy and its UIDs turned round. Raises KeyMissing."""
    files = list(CaseFile.objects.filter(case=copy.case_id).select_related("version"))
    versions = [one.version for one in files]
    key = key_of(house, copy.study, copy.number)
    image = CaseFile.Part.IMAGE
    return Source(
        copy,
        {key.uid(uid): uid for uid in _uids(versions)},
        tuple(one.version for one in files if one.part == image),
        tuple(one.version for one in files if one.part != image),
    )


def _uids(versions: Iterable[InstanceVersion]) -> set[str]:
    """Every UID by which the sources name themselves."""
    held = list(versions)
    found = {one.sop_instance_uid for one in held}
    rows = Instance.objects.filter(sop_instance_uid__in=list(found))
    columns = (
        "series__series_instance_uid",
        "series__study__study_instance_uid",
        "series__frame_of_reference_uid",
    )
    for row in rows.values_list(*columns):
        found |= {uid for uid in row if uid}
    return found
