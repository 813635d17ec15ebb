"""Structure set -> images: SOP Instance UID, then series, then frame of reference (R14).

Where several series share the frame, those whose images lie where the contours do are meant.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from planbank.dicom.images import modal_spacing
from planbank.dicom.uids import IMAGE_MODALITIES
from planbank.services.link.nodes import Found, ImageSeries, Link, RtObject, Woven

SOP, SERIES, FRAME = "SOP Instance UID", "series", "frame of reference"


def link_images(structure_set: RtObject, series: Sequence[ImageSeries], woven: Woven) -> None:
    """Add the image series of a structure set, and what is missing or was guessed."""
    wanted = structure_set.image_uids
    by_sop = [s for s in series if s.image_uids & wanted]
    if by_sop:
        _add(woven, by_sop, SOP)
        present = frozenset().union(*(s.image_uids for s in by_sop))
        if missing := len(wanted - present):
            params = (("missing", missing), ("of", len(wanted)))
            woven.found.add(Found("images-missing", structure_set.instance, params=params))
        return
    by_series = [s for s in series if s.uid and s.uid in structure_set.series_uids]
    if by_series:
        _add(woven, by_series, SERIES)
        if wanted:
            woven.found.add(_dangling("images-by-series", structure_set))
        return
    frame = structure_set.frame
    candidates = [s for s in series if frame and s.frame == frame and s.modality in IMAGE_MODALITIES]
    if len(candidates) > 1:
        candidates = [s for s in candidates if lies_on(structure_set.drawn, s)] or candidates
    if len(candidates) == 1:
        _add(woven, candidates, FRAME)
        woven.found.add(_dangling("images-by-frame", structure_set))
    elif candidates:
        params = (("count", len(candidates)),)
        woven.found.add(Found("images-ambiguous", structure_set.instance, params=params))
    else:
        woven.found.add(_dangling("images-not-received", structure_set))


def lies_on(drawn: Sequence[tuple[str, float]], series: ImageSeries) -> bool:
    """Whether every contour lies within half a slice of an image (model.md, Stacks)."""
    if not drawn or len(series.origins) < 2:
        return False
    for axis in {axis for axis, _mm in drawn}:
        places = np.unique(np.array(series.origins)[:, "xyz".index(axis)])
        spacing = modal_spacing(places)
        if spacing is None:
            return False
        mine = np.array([mm for on, mm in drawn if on == axis])
        if (np.abs(mine[:, None] - places[None, :]).min(axis=1) > spacing / 2).any():
            return False
    return True


def _dangling(code: str, structure_set: RtObject) -> Found:
    return Found(code, structure_set.instance, params=(("of", len(structure_set.image_uids)),))


def _add(woven: Woven, series: Sequence[ImageSeries], means: str) -> None:
    woven.links.update(Link("images", means, series=s.series) for s in series)
