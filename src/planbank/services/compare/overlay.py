"""What all observers of a case drew, one structure set for the viewer (R112).

Comes in: a case. Goes out: its `Overlay`: each ROI in the frame of reference of the source's images, coloured
by its observer; none where nobody drew on them. A copy's geometry is its source's, so no point is moved.
"""

from __future__ import annotations

from dataclasses import replace

from planbank.audits.models import Case, CaseFile, Overlay
from planbank.catalogue.models import Instance
from planbank.dicom.structure_set import Roi, StructureSet
from planbank.house import House
from planbank.protocols.models import StructureType
from planbank.scene.bundle.contours import pack_structures
from planbank.services.compare.drawn import returned_rois

COLOURS = (
    *((230, 85, 13), (49, 130, 189), (49, 163, 84), (158, 89, 181), (222, 189, 0), (227, 26, 128)),
    *((0, 170, 170), (166, 118, 29), (120, 120, 220), (150, 200, 70), (255, 140, 140), (90, 90, 90)),
)
"""One for each observer, told apart on grey images; from the start again after twelve."""


def make_overlay(house: House, case: Case) -> int:
    """Pack it anew; how many ROIs. Raises KeyMissing, ObjectMissing, DicomError."""
    frame = _frame(case)
    names = dict(StructureType.objects.filter(protocol=case.study.protocol_id).values_list("pk", "name"))
    observers = list(case.study.observers.order_by("centre__code", "code").values_list("pk", flat=True))
    rois: list[Roi] = []
    told: dict[str, list[str]] = {}
    for row, type_, drawn, is_here in returned_rois(house, case):
        assert row.observer is not None
        colour = COLOURS[observers.index(row.observer.pk) % len(COLOURS)]
        for roi in drawn if is_here else ():
            number = len(rois) + 1
            rois.append(replace(roi, number=number, colour=colour, frame_of_reference_uid=frame))
            told[str(number)] = [row.observer.code, names[type_]]
    if not rois or not frame:
        Overlay.objects.filter(case=case).delete()
        return 0
    [packed] = pack_structures(StructureSet("", "", "", "", "", frame, tuple(rois))).items
    values = {"about": packed.about, "blob": packed.blob, "frame": packed.frame}
    values |= {"names": told, "made_at": house.clock.now()}
    Overlay.objects.update_or_create(case=case, defaults=values)
    return len(rois)


def _frame(case: Case) -> str:
    """The frame of reference of the case's images; '' where it is not one."""
    images = CaseFile.objects.filter(case=case, part=CaseFile.Part.IMAGE).values("version")
    rows = Instance.objects.filter(current_version__in=images).order_by()
    found = set(rows.values_list("series__frame_of_reference_uid", flat=True).distinct()) - {""}
    return found.pop() if len(found) == 1 else ""
