"""Which copies an object refers to (R108).

Comes in: what objects say of themselves. Goes out: for each the copies that its references, its frame of
reference and its patient ID lead to. Copies' UIDs and IDs are nobody else's, so one of them is enough to know
that an object is no patient's.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from planbank.audits.models import Copy, CopyUid, Return

K = CopyUid.Kind


@dataclass(frozen=True)
class Said:
    """What one object says: whom it names, which images and RT objects it refers to, in which frames.

    `own`: its own SOP Instance UID and series, which are a copy's where images of it were sent back.
    """

    patient_id: str
    study: str
    own: tuple[str, ...] = ()
    referred: tuple[str, ...] = ()
    frames: tuple[str, ...] = ()


@dataclass(frozen=True)
class Leads:
    """The copies (ids) that it leads to, by each means. `is_own`: it is an image of the copy itself."""

    by_reference: frozenset[int] = frozenset()
    by_frame: frozenset[int] = frozenset()
    by_id: frozenset[int] = frozenset()
    is_own: bool = False

    @property
    def all(self) -> frozenset[int]:
        """All of them; empty for what is of no copy."""
        return self.by_reference | self.by_frame | self.by_id


def leads(objects: Sequence[Said]) -> list[Leads]:
    """For each object, in the same order. Three queries, however many objects."""
    uids = {uid for said in objects for uid in (*said.own, *said.referred, *said.frames, said.study) if uid}
    known: dict[str, set[int]] = defaultdict(set)
    kinds: dict[str, str] = {}
    for uid, kind, copy in CopyUid.objects.filter(uid__in=uids).values_list("uid", "kind", "copy"):
        known[uid].add(copy)
        kinds[uid] = kind
    # A plan refers to the structure set that an observer drew: that came back before.
    back = Return.objects.filter(version__sop_instance_uid__in=uids, copy__isnull=False)
    for uid, copy in back.values_list("version__sop_instance_uid", "copy"):
        known[uid].add(copy)
    people: dict[str, set[int]] = defaultdict(set)
    ids = {said.patient_id for said in objects if said.patient_id}
    for patient_id, copy in Copy.objects.filter(patient_id__in=ids).values_list("patient_id", "pk"):
        people[patient_id].add(copy)
    return [_of(said, known, kinds, people) for said in objects]


def _of(said: Said, known: dict[str, set[int]], kinds: dict[str, str], people: dict[str, set[int]]) -> Leads:
    def of(uids: Iterable[str]) -> frozenset[int]:
        return frozenset(copy for uid in uids for copy in known.get(uid, ()))

    is_own = any(kinds.get(uid) == K.OBJECT for uid in said.own)
    return Leads(
        of([*said.referred, *said.own]),
        of(said.frames),
        frozenset(people.get(said.patient_id, ())) | of([said.study]),
        is_own,
    )
