"""Courses of treatment: a study each, with its series. How many objects there are is decided here."""

from __future__ import annotations

from bench.nation.sketch import Sketch

SITES = ["breast", "breast", "breast", "prostate", "prostate", "head-and-neck", "head-and-neck", "proton"]
DAYS = 6 * 365

_COURSES = """
CREATE TABLE nation.course AS
WITH wanted AS (
    SELECT f.id AS file, f.institution_id AS institution, f.birth_date AS born, f.id * 10 + k AS draw
    FROM catalogue_patientfile f, generate_series(0, 2) k
    WHERE k = 0 OR nation.part(f.id * 10 + k, 'course') < 0.10
), dated AS (
    SELECT *, %(now)s - make_interval(secs => 3600 + nation.part(draw, 'when') * %(days)s * 86400.0) AS at
    FROM wanted
)
SELECT row_number() OVER (ORDER BY at, draw) AS id, file, institution, at, born,
    nation.pick(draw, 'site', %(sites)s) AS site,
    80 + floor(nation.part(draw, 'slices') * 98)::int AS slices,
    CASE WHEN nation.part(draw, 'mr') < 0.08
        THEN 24 + floor(nation.part(draw, 'more') * 40)::int ELSE 0 END AS mr,
    1 + (nation.part(draw, 'redrawn') < 0.15)::int AS structure_sets,
    CASE WHEN nation.part(draw, 'unplanned') < 0.04 THEN 0
        ELSE 1 + (nation.part(draw, 'replan') < 0.22)::int END AS plans,
    CASE WHEN nation.part(draw, 'treated') < 0.03 THEN 5 ELSE 0 END AS records
FROM dated
"""
# Images come from the PACS, RT objects from the planning system some minutes later.
_SERIES = """
CREATE TABLE nation.series AS
WITH sent AS (
    SELECT c.*, s.modality, s.count, s.place, s.kind
    FROM nation.course c CROSS JOIN LATERAL (VALUES
        ('CT', slices, 1, 'PACS'), ('MR', mr, 2, 'PACS'), ('RTSTRUCT', structure_sets, 3, 'TPS'),
        ('RTPLAN', plans, 4, 'TPS'), ('RTDOSE', plans, 5, 'TPS'), ('RTRECORD', records, 6, 'TPS')
    ) AS s (modality, count, place, kind)
    WHERE s.count > 0
), numbered AS (
    SELECT row_number() OVER (ORDER BY id, place) AS id, id AS course, file, institution, modality, place,
        count, at + make_interval(mins => CASE kind WHEN 'TPS' THEN 25 ELSE 0 END, secs => place) AS at, kind
    FROM sent
)
SELECT n.*, sum(count) OVER (ORDER BY n.id) - count + 1 AS first,
    '1.3.12.2.1107.5.1.4.' || 40000 + n.institution || '.30000' || to_char(at, 'YYYYMMDD')
        || lpad(floor(nation.part(n.id, 'uid') * 1e9)::text, 9, '0')
        || lpad((n.id %% 100000)::text, 5, '0') AS uid,
    '1.2.276.0.7230010.3.1.4.' || CASE WHEN modality = 'MR' THEN 2 ELSE 1 END || '.' || course AS frame,
    md5(%(seed)s || kind || course) AS association, s.id AS sender, s.ae_title AS ae,
    split_part(s.network, '.0/', 1) || '.' || 10 + n.id %% 4 AS address
FROM numbered n JOIN people_sender s ON s.ae_title =
    (SELECT code FROM people_institution i WHERE i.id = n.institution) || '_' || n.kind
"""


def fill(sketch: Sketch) -> None:
    """About 1.2 courses a file; some 95 in 100 objects are CT slices."""
    sketch.run(_COURSES, days=DAYS, sites=SITES)
    sketch.run("ALTER TABLE nation.course ADD PRIMARY KEY (id)")
    sketch.run(_SERIES)
    sketch.run("ALTER TABLE nation.series ADD PRIMARY KEY (id)")
    sketch.run("CREATE INDEX ON nation.series (course, modality)")
    sketch.run("ANALYZE nation.course, nation.series")
    sketch.insert(
        "catalogue_study",
        {
            "id": "id",
            "patient_file_id": "file",
            "study_instance_uid": "'1.2.208.154.1.' || 30000 + institution || '.' || "
            "floor(nation.part(id, 'study') * 1e12)::text || '.' || id",
            "study_date": "to_char(at, 'YYYYMMDD')",
            "study_time": "to_char(at, 'HH24MISS')",
            "description": "'RT ' || site",
        },
        "FROM nation.course ORDER BY id",
    )
    sketch.insert(
        "catalogue_series",
        {
            "id": "id",
            "study_id": "course",
            "series_instance_uid": "uid",
            "modality": "modality",
            "number": "place::text",
            "description": "CASE modality WHEN 'CT' THEN 'Planning CT 2.0 B30f' "
            "WHEN 'MR' THEN 't2_tse_tra' ELSE modality END",
            "series_date": "to_char(at, 'YYYYMMDD')",
            "frame_of_reference_uid": "frame",
            "first_received_at": "at",
            "last_received_at": "at + make_interval(secs => count * 0.04)",
        },
        "FROM nation.series ORDER BY id",
    )
    sketch.run("""
        UPDATE catalogue_patientfile f SET first_received_at = c.first, last_received_at = c.last
        FROM (SELECT file, min(at) AS first, max(at + interval '26 minutes') AS last
            FROM nation.course GROUP BY file) c
        WHERE f.id = c.file""")
