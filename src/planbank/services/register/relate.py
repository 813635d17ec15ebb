"""How arrivals relate to what their institution held (model.md, Arrival: Instance version).

Comes in: filed versions. Goes out: instances with their current version, submissions, findings.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from planbank.archive.objects import read_object
from planbank.catalogue.models import Instance, InstanceVersion, Relation, Series, Submission
from planbank.dicom.compare import same_elements
from planbank.errors import DicomError, StoreError
from planbank.house import House
from planbank.services.register.insert import insert_new
from planbank.services.register.unpack import Arrival

# Objects above this size are not compared element by element; they count as a new version.
MAX_COMPARE = 512 * 1024**2


@dataclass
class Filed:
    """One arrival with everything it was filed under."""

    arrival: Arrival
    series: Series
    version: InstanceVersion
    relation: Relation = Relation.NEW
    instance: Instance | None = None


def relate(house: House, filed: Sequence[Filed]) -> None:
    """Set `instance` and `relation` of each, in order of receipt; write instances and submissions."""
    held = _instances(filed)
    changed: dict[int, Instance] = {}
    for item in filed:
        kept = held[_key(item)]
        item.instance = kept.row
        item.relation = _relation(house, kept, item)
        if kept.move_on(item):
            changed[kept.row.pk] = kept.row
    Instance.objects.bulk_create(
        [changed[pk] for pk in sorted(changed)],
        update_conflicts=True,
        unique_fields=["institution", "sop_instance_uid"],
        update_fields=["current_version", "series", "last_received_at"],
    )
    insert_new([_submission(item) for item in filed], ["parcel_id"])


@dataclass
class _Held:
    """An institution's instance; `sent`: whether it came before, in this batch or an earlier one."""

    row: Instance
    sent: bool

    def move_on(self, item: Filed) -> bool:
        """What is current after an arrival; whether that changed the row."""
        row, before = self.row, (self.row.current_version_id, self.row.series_id, self.row.last_received_at)
        if item.relation in (Relation.NEW, Relation.VERSION) or item.version.pk == row.current_version_id:
            row.current_version = item.version
            row.series = item.series
        row.last_received_at = max(row.last_received_at, item.arrival.received_at)
        return before != (row.current_version_id, row.series_id, row.last_received_at)


def _key(item: Filed) -> tuple[int, str]:
    institution = item.arrival.decision.institution
    assert institution is not None
    return institution.pk, item.version.sop_instance_uid


def _instances(filed: Sequence[Filed]) -> dict[tuple[int, str], _Held]:
    """The institution's instance behind each arrival, made where it is new."""
    first: dict[tuple[int, str], Filed] = {}
    for item in filed:
        first.setdefault(_key(item), item)
    rows = {
        (institution, uid): Instance(
            institution_id=institution,
            sop_instance_uid=uid,
            series=item.series,
            current_version=item.version,
            first_received_at=item.arrival.received_at,
            last_received_at=item.arrival.received_at,
        )
        for (institution, uid), item in first.items()
    }
    new = insert_new([rows[key] for key in sorted(rows)], ["institution", "sop_instance_uid"])
    for key, pk in new.items():
        rows[key].pk = pk
    return {key: _Held(rows[key], sent=False) for key in new} | _known(
        [key for key in rows if key not in new]
    )


def _known(keys: Sequence[tuple[int, str]]) -> dict[tuple[int, str], _Held]:
    """Instances that were there before, locked until the transaction ends."""
    if not keys:
        return {}
    listed = list(
        Instance.objects.filter(
            sop_instance_uid__in={uid for _institution, uid in keys}, institution__in={i for i, _uid in keys}
        )
        .select_related("current_version")
        .select_for_update(of=("self",))
        .order_by("pk")
    )
    sent = set(Submission.objects.filter(instance__in=listed).values_list("instance", flat=True).order_by())
    return {(row.institution_id, row.sop_instance_uid): _Held(row, row.pk in sent) for row in listed}


def _relation(house: House, held: _Held, item: Filed) -> Relation:
    """new, again (the same bytes were sent before), re-exported (the same elements), or version."""
    before, sent = held.row.current_version, held.sent
    held.sent = True
    if before.pk == item.version.pk:
        return Relation.AGAIN if sent else Relation.NEW
    if item.version.equals_id == before.pk:
        return Relation.RE_EXPORTED
    if _equal(house, before, item.version):
        InstanceVersion.objects.filter(pk=item.version.pk).update(equals=before)
        item.version.equals = before
        return Relation.RE_EXPORTED
    return Relation.VERSION


def _equal(house: House, a: InstanceVersion, b: InstanceVersion) -> bool:
    """Whether two stored versions hold the same elements. What cannot be compared is not equal."""
    if max(a.size, b.size) > MAX_COMPARE:
        return False
    try:
        return same_elements(
            *read_object(house.store, a.content_hash), *read_object(house.store, b.content_hash)
        )
    except (DicomError, StoreError):
        return False


def _submission(item: Filed) -> Submission:
    header, decision = item.arrival.header, item.arrival.decision
    return Submission(
        instance=item.instance,
        version=item.version,
        institution=decision.institution,
        sender=decision.sender,
        parcel_id=header.parcel_id,
        association_id=header.association_id,
        calling_ae=header.calling_ae,
        called_ae=header.called_ae,
        address=header.address,
        received_at=item.arrival.received_at,
        relation=item.relation,
    )
