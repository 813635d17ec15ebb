"""Findings: about a third of the plan sets has one, most of them minor; one in six is closed by now."""

from __future__ import annotations

from bench.nation.sketch import Sketch

# code, about, params, share of the plan sets
_FOUND = (
    ("dose-several-plan", "", '{"count": 2}', 0.03),
    ("images-missing", "", '{"missing": 3, "of": 140}', 0.04),
    ("prescription-from-beams", "", "{}", 0.12),
    ("dose-far-from-prescription", "", "{}", 0.02),
    ("dose-waiting-for-beams", "beam 3", "{}", 0.02),
    ("plan-no-label", "", "{}", 0.05),
    ("no-dose-received", "", "{}", 0.04),
)


def fill(sketch: Sketch) -> None:
    """All stand on plan sets, found by link."""
    sketch.run("CREATE TABLE nation.found (code text, about text, params jsonb, share float8)")
    sketch.copy("nation.found", ("code", "about", "params", "share"), _FOUND)
    sketch.insert(
        "catalogue_finding",
        {
            "id": "row_number() OVER ()",
            "patient_file_id": "p.file",
            "source": "'link'",
            "subject_kind": "'plan set'",
            "subject_id": "p.id",
            "code": "f.code",
            "about": "f.about",
            "params": "f.params",
            "opened_at": "p.at + interval '2 minutes'",
            "closed_at": "CASE WHEN nation.part(p.id, 'closed') < 0.16 THEN p.at + interval '1 day' END",
        },
        "FROM nation.plan_set p JOIN nation.found f ON nation.part(p.id, f.code) < f.share",
    )
