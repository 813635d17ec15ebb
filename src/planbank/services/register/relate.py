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
    instances = _instances(filed)
    for item in filed:
        instance = instances[_key(item)]
        item.instance = instance
        item.relation = _relation(house, instance, item)
        if (
            item.relation in (Relation.NEW, Relation.VERSION)
            or item.version.pk == instance.current_version_id
        ):
            instance.current_version = item.version
            instance.series = item.series
        instance.last_received_at = max(instance.last_received_at, item.arrival.received_at)
    Instance.objects.bulk_update(
        list(instances.values()), ["current_version", "series", "last_received_at"], batch_size=500
    )
    Submission.objects.bulk_create([_submission(item) for item in filed], ignore_conflicts=True)


def _key(item: Filed) -> tuple[int, str]:
    institution = item.arrival.decision.institution
    assert institution is not None
    return institution.pk, item.version.sop_instance_uid


def _instances(filed: Sequence[Filed]) -> dict[tuple[int, str], Instance]:
    """The institution's instance behind each arrival, made where it is new."""
    first: dict[tuple[int, str], Filed] = {}
    for item in filed:
        first.setdefault(_key(item), item)
    rows = [
        Instance(
            institution_id=institution,
            sop_instance_uid=uid,
            series=item.series,
            current_version=item.version,
            first_received_at=item.arrival.received_at,
            last_received_at=item.arrival.received_at,
        )
        for (institution, uid), item in sorted(first.items())
    ]
    Instance.objects.bulk_create(rows, ignore_conflicts=True)
    uids = {uid for _institution, uid in first}
    listed = (
        Instance.objects.filter(sop_instance_uid__in=uids, institution__in={i for i, _uid in first})
        .select_related("current_version")
        .select_for_update(of=("self",))
        .order_by("pk")
    )
    return {(row.institution_id, row.sop_instance_uid): row for row in listed}


def _relation(house: House, instance: Instance, item: Filed) -> Relation:
    """new, again (the same bytes were sent before), re-exported (the same elements), or version."""
    before = instance.current_version
    if before.pk == item.version.pk:
        known = Submission.objects.filter(instance=instance).exists() if instance.pk else False
        seen_in_batch = getattr(instance, "_seen", False)
        instance._seen = True  # type: ignore[attr-defined]
        return Relation.AGAIN if known or seen_in_batch else Relation.NEW
    instance._seen = True  # type: ignore[attr-defined]
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
