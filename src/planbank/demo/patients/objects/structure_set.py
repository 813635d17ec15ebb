"""The RT Structure Set of a case: contours on every slice they meet, names in the clinic's manner.

Comes in: a `Case`, a `Study` and its CT. Goes out: the data set and the ROI number of each key.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from pydicom.dataset import Dataset, FileDataset
from pydicom.uid import RTStructureSetStorage

from ..anatomy.support import couch_top
from ..geometry.contouring import Polygon, draw_contours
from ..geometry.shapes import Array, Shape
from ..naming import roi_colour, roi_kind, roi_name
from ..sites.case import Case, Roi
from .images import ImageSeries
from .study import CONTOUR_DATA, Study, approve, begin_series, new_object, put_decimals, reference

STUDY_CLASS = "1.2.840.10008.3.1.2.3.1"  # retired, but what planning systems write (PS3.3 C.8.8.5)
FULL = 35  # structures of the clinical size


@dataclass(frozen=True, slots=True)
class Drawn:
    """A structure set, the ROI number and the contours (slice index, polygon in mm) of each key."""

    ds: FileDataset
    numbers: dict[str, int]
    contours: dict[str, list[tuple[int, Polygon]]]


def structure_set(
    case: Case, study: Study, ct: ImageSeries, *, empty: Sequence[str] = (), fine: bool = False
) -> Drawn:
    """Draw and write all ROIs; keys in `empty` lose their contours, other names are added empty."""
    ds = new_object(study, str(RTStructureSetStorage), "RTSTRUCT")
    begin_series(ds, study, 2, "Structures", after=1, time="111500")
    ds.InstanceNumber, ds.StructureSetLabel = 1, case.label
    ds.StructureSetDate, ds.StructureSetTime = study.day(1), "111500"
    ds.ReferencedFrameOfReferenceSequence = [_referenced_frame(study, ct)]
    ds.StructureSetROISequence, ds.ROIContourSequence, ds.RTROIObservationsSequence = [], [], []
    numbers: dict[str, int] = {}
    contours: dict[str, list[tuple[int, Polygon]]] = {}
    images = [reference(one) for one in ct.slices]
    for roi in _all_rois(case, study, empty):
        drawn = [] if roi.key in empty or roi.shape is None else _draw(roi.shape, ct, fine)
        if roi.shape is not None and not drawn and roi.key not in empty:
            continue  # lies outside the scan
        numbers[roi.key], contours[roi.key] = len(numbers) + 1, drawn
        _add_roi(ds, case, study, roi, numbers[roi.key])
        ds.ROIContourSequence.append(_contour_item(case, roi, numbers[roi.key], drawn, ct.z, images))
    approve(ds, study, after=2)
    return Drawn(ds, numbers, contours)


def _all_rois(case: Case, study: Study, empty: Sequence[str]) -> list[Roi]:
    rois = list(case.rois)
    if study.habits.draws_couch and len(rois) < FULL:
        rois.append(Roi("couch", couch_top(case.anatomy.outline)))
    known = {roi.key for roi in rois}
    return rois + [Roi(name, name=name) for name in empty if name not in known]


def _draw(shape: Shape, ct: ImageSeries, fine: bool) -> list[tuple[int, Polygon]]:
    """Contours within the picture: what reaches beyond its edge is cut there."""
    for axis, at in (("x", ct.x), ("y", ct.y)):
        index = "xyz".index(axis)
        if shape.lo[index] < at[0]:
            shape = shape.cut(**{f"{axis}_lo": float(at[0])})
        if shape.hi[index] > at[-1]:
            shape = shape.cut(**{f"{axis}_hi": float(at[-1])})
    extent = min(shape.hi[0] - shape.lo[0], shape.hi[1] - shape.lo[1])
    largest = 2.6 if fine else 4.0
    return draw_contours(shape, ct.z, min(largest, max(0.6, extent / 22)))


def _referenced_frame(study: Study, ct: ImageSeries) -> Dataset:
    frame, of_study, series = Dataset(), Dataset(), Dataset()
    series.SeriesInstanceUID = ct.slices[0].SeriesInstanceUID
    series.ContourImageSequence = [reference(one) for one in ct.slices]
    of_study.ReferencedSOPClassUID, of_study.ReferencedSOPInstanceUID = STUDY_CLASS, study.uid("study")
    of_study.RTReferencedSeriesSequence = [series]
    frame.FrameOfReferenceUID = study.uid("frame")
    frame.RTReferencedStudySequence = [of_study]
    return frame


def _add_roi(ds: FileDataset, case: Case, study: Study, roi: Roi, number: int) -> None:
    item, observation = Dataset(), Dataset()
    item.ROINumber, item.ReferencedFrameOfReferenceUID = number, study.uid("frame")
    item.ROIName = roi.name or roi_name(case.site, roi.key, study.habits.manner)
    item.ROIGenerationAlgorithm = "AUTOMATIC" if roi.key in {"body", "couch"} else "MANUAL"
    ds.StructureSetROISequence.append(item)
    observation.ObservationNumber, observation.ReferencedROINumber = number, number
    observation.RTROIInterpretedType, observation.ROIInterpreter = (
        "CONTROL" if roi.name else roi_kind(roi.key),
        "",
    )
    ds.RTROIObservationsSequence.append(observation)


def _contour_item(
    case: Case, roi: Roi, number: int, drawn: list[tuple[int, Polygon]], planes: Array, images: list[Dataset]
) -> Dataset:
    item = Dataset()
    item.ReferencedROINumber, item.ROIDisplayColor = number, roi_colour(case.site, roi.key)
    if roi.point is not None:
        at = "\\".join(f"{v:.1f}" for v in roi.point)
        item.ContourSequence = [_contour("POINT", 1, at, None)]
    elif drawn:
        item.ContourSequence = [_planar(polygon, planes[k], images[k]) for k, polygon in drawn]
    return item


def _planar(polygon: Polygon, z: float, image: Dataset) -> Dataset:
    height = f"{z:.1f}"
    text = "\\".join([f"{x:.1f}\\{y:.1f}\\{height}" for x, y in polygon.tolist()])
    return _contour("CLOSED_PLANAR", len(polygon), text, image)


def _contour(kind: str, points: int, text: str, image: Dataset | None) -> Dataset:
    contour = Dataset()
    if image is not None:
        of = Dataset()
        of.ReferencedSOPClassUID = image.ReferencedSOPClassUID
        of.ReferencedSOPInstanceUID = image.ReferencedSOPInstanceUID
        contour.ContourImageSequence = [of]
    contour.ContourGeometricType, contour.NumberOfContourPoints = kind, points
    put_decimals(contour, CONTOUR_DATA, text)
    return contour
