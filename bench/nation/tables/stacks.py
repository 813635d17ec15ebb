"""Image stacks: one a series of images, two in a hundred with an image missing."""

from __future__ import annotations

from bench.nation.sketch import Sketch

_LACKS = "nation.part(s.id, 'lacks') < 0.02"


def fill(sketch: Sketch) -> None:
    """All final: nothing is on its way any more."""
    sketch.insert(
        "catalogue_imagestack",
        {
            "id": "row_number() OVER (ORDER BY s.id)",
            "series_id": "s.id",
            "place": "1",
            "mark": "''",
            "images": "s.count",
            "axis": "'z'",
            "low_mm": "2.0",
            "high_mm": "s.count * 2.0",
            "spacing_mm": "2.0",
            "verdict": f"CASE WHEN {_LACKS} THEN 'incomplete' ELSE 'complete' END",
            "reasons": f"CASE WHEN {_LACKS} THEN '[\"position-gap\"]'::jsonb ELSE '[]'::jsonb END",
            "missing": f"CASE WHEN {_LACKS} THEN 1 ELSE 0 END",
            "places": f"CASE WHEN {_LACKS} THEN '[31.0]'::jsonb ELSE '[]'::jsonb END",
            "is_final": "true",
            "judged_at": "s.at + interval '35 minutes'",
        },
        "FROM nation.series s WHERE s.modality IN ('CT', 'MR')",
    )
