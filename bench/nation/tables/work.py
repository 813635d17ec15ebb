"""Outcomes of all services on everything, nearly all done; nothing is due."""

from __future__ import annotations

from bench.nation.sketch import Sketch
from planbank.pipeline.registry import SERVICES

# service -> subjects (id, lane, at)
_SUBJECTS = {
    "analyse": "SELECT id, 'file:' || file, at FROM nation.object",
    "completeness": "SELECT id, 'file:' || file, at FROM nation.series WHERE modality IN ('CT', 'MR')",
    "link": "SELECT file, 'file:' || file, max(at) FROM nation.course GROUP BY file",
    "calculate": "SELECT dose, 'calc:' || dose, at FROM nation.pair",
    "bundle": "SELECT id, 'bundle:' || id, at FROM nation.plan_set",
}


def fill(sketch: Sketch) -> None:
    """Two in ten thousand objects could not be analysed."""
    sketch.run("CREATE SEQUENCE nation.outcome")
    for number, spec in enumerate(SERVICES, 1):
        values = {"service": spec.name, "version": spec.version}
        given = {"id": "%(number)s", "service": "%(service)s", "version": "%(version)s"}
        sketch.insert("pipeline_serviceversion", given, "", number=number, **values)
        if spec.name not in _SUBJECTS:
            continue
        failed = "%(service)s = 'analyse' AND nation.part(s.id, 'failed') < 0.0002"
        sketch.insert(
            "pipeline_outcome",
            {
                "id": "nextval('nation.outcome')",
                "service": "%(service)s",
                "subject_kind": "%(kind)s",
                "subject_id": "s.id",
                "version": "%(version)s",
                "lane": "s.lane",
                "attempts": "0",
                "state": f"CASE WHEN {failed} THEN 'failed' ELSE 'done' END",
                "reason": f"CASE WHEN {failed} THEN 'The pixels are shorter than it says.' ELSE '' END",
                "due_at": "s.at",
                "started_at": "s.at + interval '20 seconds'",
                "finished_at": "s.at + interval '21 seconds'",
            },
            f"FROM ({_SUBJECTS[spec.name]}) AS s (id, lane, at) ORDER BY s.id",
            kind=spec.subject,
            **values,
        )
