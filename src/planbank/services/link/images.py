"""Structure set -> images: SOP Instance UID, then series, then frame of reference (R14)."""

from __future__ import annotations

from collections.abc import Sequence

from planbank.services.link.nodes import IMAGE_MODALITIES, Found, ImageSeries, Link, RtObject, Woven

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
    if len(candidates) == 1:
        _add(woven, candidates, FRAME)
        woven.found.add(_dangling("images-by-frame", structure_set))
    elif candidates:
        params = (("count", len(candidates)),)
        woven.found.add(Found("images-ambiguous", structure_set.instance, params=params))
    else:
        woven.found.add(_dangling("images-not-received", structure_set))


def _dangling(code: str, structure_set: RtObject) -> Found:
    return Found(code, structure_set.instance, params=(("of", len(structure_set.image_uids)),))


def _add(woven: Woven, series: Sequence[ImageSeries], means: str) -> None:
    woven.links.update(Link("images", means, series=s.series) for s in series)
