"""The service completeness.

Comes in: a series of images. Goes out: its stacks with a verdict each, and findings on the series
once nothing more is awaited. The subject is the series and not the stack: which stacks a series
has is part of what is found out.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime
from itertools import chain

from planbank.catalogue.findings import Wanted, settle
from planbank.catalogue.models import ImageStack, Series
from planbank.catalogue.receipts_due import receipts_due
from planbank.catalogue.stack_words import where
from planbank.dicom.stacks import Judgement, Stack, judge, split
from planbank.dicom.uids import IMAGE_MODALITIES
from planbank.house import House
from planbank.pipeline.registry import Done, Later, Result, Subject, Waiting, service
from planbank.services.analyse import lane_of
from planbank.services.completeness.cross_check import contours_off_images
from planbank.services.completeness.extents import extents_compared
from planbank.services.completeness.quiet import quiet_at
from planbank.services.completeness.read import drawn_at, named_images, slices_of, unread


def subjects() -> Iterator[Subject]:
    """Every series of images, with the lane of its patient file."""
    rows = Series.objects.filter(modality__in=IMAGE_MODALITIES).values_list("pk", "study__patient_file")
    for pk, patient_file in rows.iterator(5000):
        yield pk, lane_of(patient_file)


@service(subject="series", version=2, subjects=subjects, after=["analyse"])
def completeness(house: House, series_id: int) -> Result:
    """Looks whether images are missing"""
    series = Series.objects.select_related("study__patient_file").filter(pk=series_id).first()
    if series is None or series.modality not in IMAGE_MODALITIES:
        return Done("no images")
    if left := unread(series):
        return Waiting(f"{left} images are still to be read")
    now = house.clock.now()
    until = quiet_at(house, series.study.patient_file)
    judged = _judged(series)
    _keep(series, judged, now, is_final=until is None)
    file = series.study.patient_file_id
    found = chain(_findings(file), contours_off_images(file), extents_compared(file))
    settle(file, "completeness", found, now)
    if until is not None:
        return Later(until, "Images may still be on their way.")
    receipts_due(file, now)
    return Done(", ".join(sorted({judgement.verdict for _stack, judgement in judged})))


def _judged(series: Series) -> list[tuple[Stack, Judgement]]:
    slices = slices_of(series)
    found = split(slices)
    numbers = {one.number for one in slices if one.number is not None}
    volumes = [stack for stack in found if not stack.localiser]
    # What structure sets name belongs to a stack only where there is one.
    named = named_images(series) - {one.uid for one in slices if one.localiser} if len(volumes) == 1 else ()
    return [
        (stack, judge(stack, named=named, drawn_at=drawn_at(series, stack.axis), numbers=numbers))
        for stack in found
    ]


def _keep(
    series: Series, judged: Iterable[tuple[Stack, Judgement]], now: datetime, *, is_final: bool
) -> None:
    rows = [
        _row(series, place, stack, judgement, now, is_final)
        for place, (stack, judgement) in enumerate(judged, 1)
    ]
    ImageStack.objects.filter(series=series, place__gt=len(rows)).delete()
    ImageStack.objects.bulk_create(
        rows,
        update_conflicts=True,
        unique_fields=["series", "place"],
        update_fields=[
            *("mark", "images", "axis", "low_mm", "high_mm", "spacing_mm", "verdict", "reasons"),
            *("missing", "places", "is_final", "judged_at"),
        ],
    )


def _row(
    series: Series, place: int, stack: Stack, found: Judgement, now: datetime, is_final: bool
) -> ImageStack:
    axis, sign = stack.axis or ("", 1.0)
    ends = sorted((sign * stack.positions[0], sign * stack.positions[-1]))
    return ImageStack(
        series=series,
        place=place,
        mark=stack.mark[:64],
        images=len(stack.slices),
        axis=axis,
        low_mm=ends[0],
        high_mm=ends[1],
        spacing_mm=found.spacing,
        verdict=found.verdict,
        reasons=list(found.reasons),
        missing=found.missing,
        places=sorted(round(sign * place, 2) for place in found.places)[:200] if axis else [],
        is_final=is_final,
        judged_at=now,
    )


def _findings(patient_file_id: int) -> Iterator[Wanted]:
    """Of all series of the patient file whose verdict stands: findings are settled together.

    What a scan may well be by itself (one image, uneven spacing) is shown with the stack only.
    """
    rows = ImageStack.objects.filter(series__study__patient_file=patient_file_id, is_final=True)
    for row in rows.select_related("series"):
        if code := _code(row):
            about = " ".join(part for part in (row.series.modality, row.mark) if part)
            params = {"missing": row.missing, "of": row.images + row.missing, "where": where(row)}
            yield Wanted("series", row.series_id, code, about, params)


def _code(row: ImageStack) -> str:
    if row.verdict == ImageStack.Verdict.INCOMPLETE:
        return "images-incomplete" if row.places else "images-incomplete-somewhere"
    return "images-repeated" if "repeated-positions" in row.reasons else ""
