"""The name rule (model.md, Levels): which names as sent may be shown to whom sees no identity.

Comes in: names of ROIs, plans and structure sets. Goes out: those that stand in a vocabulary or are
used for at least five patients. All others are shown as 'ROI 3' or not at all. One rule for pages,
tables, exports and copies.
"""

from __future__ import annotations

from collections.abc import Iterable

from django.db.models import Count

from planbank.catalogue.models import Instance, InstanceVersion, NameUse
from planbank.dicom.names import is_standard
from planbank.dicom.names.standard import folded

ENOUGH = 5


def note_names(version: InstanceVersion, names: Iterable[str]) -> None:
    """Remember that the patients of this object use these names."""
    wanted = {folded(name)[:128] for name in names if name and not is_standard(name)} - {""}
    patients = Instance.objects.filter(
        current_version=version, series__study__patient_file__patient__isnull=False
    ).values_list("series__study__patient_file__patient", flat=True)
    common = _common(wanted)
    NameUse.objects.bulk_create(
        [NameUse(name=name, patient_id=pk) for name in sorted(wanted - common) for pk in set(patients)],
        ignore_conflicts=True,
    )


def showable(names: Iterable[str], also: Iterable[str] = ()) -> set[str]:
    """Those of `names`, as they are written, that may be shown; `also`: a protocol's own vocabulary."""
    mine = {folded(name) for name in also}
    given = {name for name in names if name}
    known = {name for name in given if is_standard(name) or folded(name) in mine}
    asked = {folded(name)[:128] for name in given - known}
    common = _common(asked)
    return known | {name for name in given - known if folded(name)[:128] in common}


def _common(folded_names: set[str]) -> set[str]:
    if not folded_names:
        return set()
    rows = NameUse.objects.filter(name__in=folded_names).values("name").annotate(n=Count("pk"))
    return set(rows.filter(n__gte=ENOUGH).order_by().values_list("name", flat=True))
