"""Plan sets and their members: one for each plan, and one for each structure set that no plan cites."""

from __future__ import annotations

from bench.nation.sketch import Sketch

_PLAN_SET = """
CREATE TABLE nation.plan_set AS
SELECT o.id, o.file, o.course, o.uid, o.number, o.at, c.structure_sets, 'plan' AS kind FROM nation.object o
JOIN nation.course c ON c.id = o.course WHERE o.modality = 'RTPLAN'
UNION ALL
SELECT o.id, o.file, o.course, o.uid, o.number, o.at, c.structure_sets, 'structure set' FROM nation.object o
JOIN nation.course c ON c.id = o.course WHERE o.modality = 'RTSTRUCT' AND (c.plans = 0 OR o.number > 1)
"""
# role, modality, which object of the course, means
_OBJECTS = """
SELECT p.id, v.role, v.means, o.id FROM nation.plan_set p
CROSS JOIN (VALUES ('plan', 'RTPLAN', 'itself'), ('structure set', 'RTSTRUCT', 'SOP Instance UID'),
    ('dose', 'RTDOSE', 'SOP Instance UID'), ('record', 'RTRECORD', 'SOP Instance UID')
) AS v (role, modality, means)
JOIN nation.object o ON o.course = p.course AND o.modality = v.modality AND CASE v.role
    WHEN 'structure set' THEN o.number = 1 WHEN 'record' THEN p.number = 1 ELSE o.number = p.number END
WHERE p.kind = 'plan'
UNION ALL SELECT id, 'structure set', 'itself', id FROM nation.plan_set WHERE kind = 'structure set'
"""


def fill(sketch: Sketch) -> None:
    """The id of a plan set is that of its plan or structure set."""
    sketch.run(_PLAN_SET)
    sketch.run("ALTER TABLE nation.plan_set ADD PRIMARY KEY (id)")
    sketch.run("ANALYZE nation.plan_set")
    said = "coalesce(pl.{0}, {1})"
    sketch.insert(
        "catalogue_planset",
        {
            "id": "p.id",
            "patient_file_id": "p.file",
            "kind": "p.kind",
            "sop_instance_uid": "p.uid",
            "treated_on": "(p.at - interval '3 days')::date",
            "treated_by": "'plan'",
            "label": said.format("label", "st.label"),
            "plan_date": said.format("date", "st.date"),
            "technique": said.format("technique", "''"),
            "approval": said.format("approval", "st.approval"),
            "fractions": "pl.fractions",
            "prescription_gy": "pl.prescription_gy",
            "first_received_at": "p.at - interval '25 minutes'",
            "last_received_at": "p.at",
            "linked_at": "p.at + interval '2 minutes'",
        },
        "FROM nation.plan_set p LEFT JOIN catalogue_plan pl ON pl.id = p.id "
        "LEFT JOIN catalogue_structureset st ON st.id = p.id ORDER BY p.id",
    )
    sketch.insert(
        "catalogue_member",
        {
            "id": "row_number() OVER ()",
            "plan_set_id": "m.id",
            "role": "role",
            "means": "means",
            "instance_id": "o",
        },
        f"FROM ({_OBJECTS}) AS m (id, role, means, o)",
    )
    sketch.insert(
        "catalogue_member",
        {
            "id": "(SELECT max(id) FROM catalogue_member) + row_number() OVER ()",
            "plan_set_id": "p.id",
            "role": "'images'",
            "means": "'series'",
            "series_id": "s.id",
        },
        "FROM nation.plan_set p JOIN nation.series s ON s.course = p.course AND s.modality = 'CT'",
    )
