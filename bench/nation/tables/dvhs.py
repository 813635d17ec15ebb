"""A DVH of every ROI for the plan's own structure set and dose."""

from __future__ import annotations

from bench.nation.sketch import Sketch
from bench.nation.tables.rois import CURVES, curves
from planbank.dose.engine import ALGORITHM

_PAIRS = """
CREATE TABLE nation.pair AS SELECT d.id AS dose, st.id AS structure_set, p.id AS plan_set, c.site, p.at
FROM nation.plan_set p JOIN nation.course c ON c.id = p.course
JOIN nation.object d ON d.course = p.course AND d.modality = 'RTDOSE' AND d.number = p.number
JOIN nation.object st ON st.course = p.course AND st.modality = 'RTSTRUCT' AND st.number = 1
WHERE p.kind = 'plan'
"""


def fill(sketch: Sketch) -> None:
    """The ids of a chosen dose and of its calculation are that of the dose."""
    sketch.run(_PAIRS)
    sketch.insert(
        "catalogue_chosendose",
        {
            "id": "dose",
            "fingerprint": "encode(sha256((%(seed)s || 'dose' || dose)::bytea), 'hex')",
            "summation": "'PLAN'",
            "type": "'PHYSICAL'",
            "scale": "1.0",
            "is_plan_sum": "false",
        },
        "FROM nation.pair",
    )
    pairs = {"id": "dose", "chosendose_id": "dose", "instanceversion_id": "dose"}
    sketch.insert("catalogue_chosendose_versions", pairs, "FROM nation.pair")
    sketch.insert(
        "catalogue_calculation",
        {
            "id": "dose",
            "structure_set_id": "structure_set",
            "chosen_dose_id": "dose",
            "algorithm": "%(algorithm)s",
            "calculated_at": "at + interval '3 minutes'",
        },
        "FROM nation.pair",
        algorithm=ALGORITHM,
    )
    pairs = {"id": "dose", "calculation_id": "dose", "planset_id": "plan_set"}
    sketch.insert("catalogue_calculation_plan_sets", pairs, "FROM nation.pair")
    _curves(sketch)


def _curves(sketch: Sketch) -> None:
    sketch.run(
        "CREATE TABLE nation.curve (site text, number int, draw int, volume float8, low float8, mean float8, "
        "top float8, packed bytea, PRIMARY KEY (site, number, draw))"
    )
    columns = ("site", "number", "draw", "volume", "low", "mean", "top", "packed")
    sketch.copy("nation.curve", columns, curves(sketch.seed))
    sketch.run("ANALYZE nation.curve")
    nothing = "CASE WHEN r.is_empty THEN {1} ELSE {0} END".format
    sketch.insert(
        "catalogue_dvh",
        {
            "id": "row_number() OVER ()",
            "calculation_id": "p.dose",
            "roi_id": "r.id",
            "algorithm": "%(algorithm)s",
            "volume_cc": nothing("k.volume", "0"),
            "outside_cc": "0",
            "min_gy": nothing("k.low", "NULL"),
            "mean_gy": nothing("k.mean", "NULL"),
            "max_gy": nothing("k.top", "NULL"),
            "edge_gy": "0.4",
            "curve": "k.packed",
            "flags": nothing("'[]'::jsonb", """'["empty"]'::jsonb"""),
            "parameters": "'{}'",
        },
        "FROM nation.pair p JOIN catalogue_roi r ON r.structure_set_id = p.structure_set "
        "JOIN nation.curve k ON k.site = p.site AND k.number = r.number AND k.draw = r.id %% %(curves)s",
        algorithm=ALGORITHM,
        curves=CURVES,
    )
