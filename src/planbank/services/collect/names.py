"""Which structure types ROIs stand for in an audit study (R62, R105, R109).

Comes in: a study, ROIs, the institution that named them. Goes out: structure types, by the protocol's
dictionary, or by the type's own name where no rule of it says.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from planbank.audits.models import AuditStudy
from planbank.dicom.names.standard import folded
from planbank.naming.cells import Chosen, Named, read
from planbank.naming.models import Dictionary
from planbank.naming.queries.books import book_of

if TYPE_CHECKING:
    from planbank.dicom.structure_set import Roi


def types_of(
    study: AuditStudy, rois: Sequence[Named], institution: int, chosen: Iterable[Chosen] = ()
) -> dict[int, int]:
    """ROI number -> id of its structure type; those that stand for none are not in it."""
    by_name = {folded(one.name): one.pk for one in study.protocol.structure_types.all()}
    found = {roi.number: by_name[folded(roi.name)] for roi in rois if folded(roi.name) in by_name}
    dictionary = Dictionary.objects.filter(protocol=study.protocol_id).first()
    if dictionary is not None:
        for type_, cell in read(rois, book_of(dictionary), institution, chosen).cells.items():
            found.update({roi.number: type_ for roi in cell.rois})
    return found


def rois_by_type(study: AuditStudy, rois: Sequence[Roi], institution: int) -> dict[int, list[Roi]]:
    """Structure type -> the ROIs that stand for it."""
    stands_for = types_of(study, [Named(one.number, one.name) for one in rois], institution)
    found: dict[int, list[Roi]] = defaultdict(list)
    for roi in rois:
        if roi.number in stands_for:
            found[stands_for[roi.number]].append(roi)
    return dict(found)
