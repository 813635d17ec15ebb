"""A hundred protocols with their centres, patients and participants, and twenty projects that reuse them.

Two courses in three are in a protocol, one in ten of these in a second one.
"""

from __future__ import annotations

from bench.nation.sketch import Sketch

PROTOCOLS, PROJECTS = 100, 20
_YEARS = "%(now)s - (1 + {n} %% 5) * interval '365 days'"
# Each course's protocols: a popular one by the cube of chance, so that sizes differ as in a country; the
# largest has some 3,000 patients.
_JOINED = """
CREATE TABLE nation.joined AS
SELECT DISTINCT c.id AS course, c.file, c.institution, p.protocol, c.at, f.patient_id AS patient
FROM nation.course c JOIN catalogue_patientfile f ON f.id = c.file
CROSS JOIN LATERAL (VALUES
    (1 + floor({protocols} * nation.part(c.id, 'protocol') ^ 3)::int, nation.part(c.id, 'joins') < 0.67),
    (1 + floor({protocols} * nation.part(c.id, 'second') ^ 3)::int, nation.part(c.id, 'joins') < 0.07)
) AS p (protocol, joins)
WHERE p.joins AND f.patient_id IS NOT NULL
"""
_MEMBERS = """
SELECT j.protocol, j.institution, j.file, o.series, o.id AS instance, o.uid, j.at
FROM nation.joined j JOIN nation.object o ON o.course = j.course
WHERE o.modality IN ('RTPLAN', 'RTSTRUCT', 'RTDOSE')
UNION ALL
SELECT j.protocol, j.institution, j.file, s.id, NULL, '', j.at
FROM nation.joined j JOIN nation.series s ON s.course = j.course AND s.modality IN ('CT', 'MR')
"""


def fill(sketch: Sketch) -> None:
    """Everything; what others need stands in nation.joined."""
    _protocols(sketch)
    sketch.run(_JOINED.format(protocols=PROTOCOLS))
    sketch.run("ANALYZE nation.joined")
    _patients(sketch)
    _projects(sketch)


def _protocols(sketch: Sketch) -> None:
    sketch.insert(
        "protocols_protocol",
        {
            "id": "n",
            "uid": "gen_random_uuid()",
            "short_name": "'NATION-' || lpad(n::text, 3, '0')",
            "title": "'Protocol ' || n || ' of the nation'",
            "cancer_group": "nation.pick(n, 'group', ARRAY['DBCG', 'DAHANCA', 'DOLG', 'DAPROCA'])",
            "kind": "'clinical'",
            "status": "CASE WHEN n %% 10 = 0 THEN 'closed' ELSE 'active' END",
            "created_at": _YEARS.format(n="n"),
            "closed_at": "CASE WHEN n %% 10 = 0 THEN %(now)s END",
            "target_accrual": "400",
            "revision": "1",
        },
        f"FROM generate_series(1, {PROTOCOLS}) n",
    )
    sketch.insert(
        "protocols_participation",
        {
            "id": "row_number() OVER ()",
            "protocol_id": "n",
            "institution_id": "i.id",
            "since": "%(now)s - interval '2000 days'",
            "revision": "1",
        },
        f"FROM generate_series(1, {PROTOCOLS}) n CROSS JOIN people_institution i",
    )


def _patients(sketch: Sketch) -> None:
    """Members, enrolments with pseudonyms, participants: one more in five is expected, without a patient."""
    sketch.insert(
        "protocols_membership",
        {
            "id": "row_number() OVER ()",
            "protocol_id": "protocol",
            "institution_id": "institution",
            "patient_file_id": "file",
            "series_id": "series",
            "instance_id": "instance",
            "sop_instance_uid": "uid",
            "added_at": "at",
            "via": "'trigger'",
        },
        f"FROM ({_MEMBERS}) AS m",
    )
    enrolled = (
        "(SELECT protocol, patient, min(institution) AS institution, min(at) AS at "
        "FROM nation.joined GROUP BY 1, 2) AS e"
    )
    pseudonym = "upper(substr(md5(protocol || '.' || patient), 1, 10))"
    sketch.insert(
        "protocols_enrolment",
        {
            "id": "row_number() OVER ()",
            "protocol_id": "protocol",
            "patient_id": "patient",
            "pseudonym": pseudonym,
            "state": "'enrolled'",
            "enrolled_at": "at",
            "state_at": "at",
            "via": "'trigger'",
        },
        f"FROM {enrolled}",
    )
    sketch.insert(
        "protocols_participant",
        {
            "id": "row_number() OVER ()",
            "protocol_id": "protocol",
            "institution_id": "institution",
            "patient_id": "CASE WHEN part < 0.8 THEN patient END",
            "trial_id": "'T-' || lpad(row_number() OVER ()::text, 6, '0')",
            "arm": "nation.pick(patient, 'arm', ARRAY['A', 'B'])",
            "consent": "'unknown'",
            "expected": "'{}'",
            "attributes": "'{}'",
            "added_at": "at",
            "revision": "1",
        },
        f"FROM {enrolled}, LATERAL (SELECT nation.part(e.patient, 'came') AS part) AS c",
    )


def _projects(sketch: Sketch) -> None:
    sketch.insert(
        "protocols_project",
        {
            "id": "n",
            "uid": "gen_random_uuid()",
            "short_name": "'REUSE-' || n",
            "title": "'Project ' || n",
            "status": "'active'",
            "starts_at": "%(now)s - interval '300 days'",
            "ends_at": "%(now)s + interval '300 days'",
            "created_at": "%(now)s - interval '300 days'",
            "revision": "1",
        },
        f"FROM generate_series(1, {PROJECTS}) n",
    )
    sketch.insert(
        "protocols_reuserequest",
        {
            "id": "row_number() OVER ()",
            "project_id": "n",
            "protocol_id": f"1 + (n * 7 + k * 13) %% {PROTOCOLS}",
            "purpose": "'doses to the heart'",
            "every_institution": "true",
            "see": "2",
            "take_out": "1",
            "since": "%(now)s - interval '200 days'",
            "until": "%(now)s + interval '200 days'",
            "state": "'approved'",
            "asked_at": "%(now)s - interval '210 days'",
            "decided_at": "%(now)s - interval '205 days'",
            "revision": "1",
        },
        f"FROM generate_series(1, {PROJECTS}) n CROSS JOIN generate_series(1, 2) k",
    )
