"""What is held of a series, and what structure sets say of it: a constant number of queries."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from planbank.catalogue.models import Instance, InstanceVersion, Series, StructureSet
from planbank.dicom.stacks import Slice


def slices_of(series: Series) -> list[Slice]:
    """The images of a series that have been read."""
    rows = InstanceVersion.objects.filter(current_in__series=series, facts__isnull=False)
    wanted = ("sop_instance_uid", "instance_number", "facts")
    return [_slice(*row) for row in rows.order_by("sop_instance_uid").values_list(*wanted)]


def unread(series: Series) -> int:
    """How many of its objects analyse has not read yet."""
    return Instance.objects.filter(series=series, current_version__headers__isnull=True).count()


def named_images(series: Series) -> set[str]:
    """SOP Instance UIDs that structure sets of the same patient file name as images of this series alone.

    A structure set that names several series does not say which image belongs to which.
    """
    held = set(Instance.objects.filter(series=series).values_list("sop_instance_uid", flat=True))
    found: set[str] = set()
    for references in _references(series.study.patient_file_id):
        images = set(references.get("image_uids", ()))
        others = set(references.get("series_uids", ())) - {series.series_instance_uid}
        if images & held and not others:
            found |= images
    return found


def drawn_at(series: Series, axis: tuple[str, float] | None) -> list[float]:
    """mm along the stack's normal at which structure sets on its frame of reference drew."""
    if axis is None:
        return []
    name, sign = axis
    rows = StructureSet.objects.filter(
        version__current_in__series__study__patient_file=series.study.patient_file_id,
        frame_of_reference_uid=series.frame_of_reference_uid,
    ).values_list("facts", flat=True)
    return [sign * place for facts in rows for place in facts.get("planes_mm", {}).get(name, ())]


def _references(patient_file_id: int) -> Iterator[dict[str, Any]]:
    yield from StructureSet.objects.filter(
        version__current_in__series__study__patient_file=patient_file_id
    ).values_list("references", flat=True)


def _slice(uid: str, number: str, facts: dict[str, Any]) -> Slice:
    cosines, origin = facts.get("cosines"), facts.get("origin_mm")
    return Slice(
        uid=uid,
        cosines=tuple(cosines) if cosines else None,
        origin=tuple(origin) if origin else None,
        frame_of_reference_uid=facts.get("frame_of_reference_uid") or "",
        number=int(number) if number.strip().lstrip("-").isdigit() else None,
        localiser=bool(facts.get("localiser")),
        marks=tuple(facts.get("marks") or ()),
        expected=facts.get("expected"),
        frames=facts.get("frames") or 1,
    )
