"""Instance versions and instances: one of each an object."""

from __future__ import annotations

from bench.nation.sketch import Sketch

_OBJECTS = """
CREATE UNLOGGED TABLE nation.object AS
SELECT s.first + n - 1 AS id, s.id AS series, s.course, s.file, s.institution, s.sender, s.ae, s.address,
    s.modality, n AS number, s.uid || '.' || n AS uid, s.frame, s.association,
    s.at + make_interval(secs => n * 0.04) AS at,
    CASE s.modality WHEN 'CT' THEN 526000 + (s.id %% 50) * 10 WHEN 'MR' THEN 202000 WHEN 'RTPLAN' THEN 180000
        WHEN 'RTSTRUCT' THEN 3100000 + s.id %% 900000 WHEN 'RTDOSE' THEN 8200000 + s.id %% 900000
        ELSE 9000 END::bigint AS size
FROM nation.series s, generate_series(1, s.count) n
ORDER BY s.id, n
"""
_CLASS = """CASE modality
WHEN 'CT' THEN '1.2.840.10008.5.1.4.1.1.2' WHEN 'MR' THEN '1.2.840.10008.5.1.4.1.1.4'
WHEN 'RTSTRUCT' THEN '1.2.840.10008.5.1.4.1.1.481.3' WHEN 'RTPLAN' THEN '1.2.840.10008.5.1.4.1.1.481.5'
WHEN 'RTDOSE' THEN '1.2.840.10008.5.1.4.1.1.481.2' ELSE '1.2.840.10008.5.1.4.1.1.481.4' END"""
# What analyse writes: planbank.services.analyse.run and .image.
_HEADERS = f"""jsonb_build_object('modality', modality, 'sop_class_uid', {_CLASS}, 'sop_instance_uid', uid,
'specific_character_set', 'ISO_IR 100', 'study_date', to_char(at, 'YYYYMMDD'),
'series_date', to_char(at, 'YYYYMMDD'), 'study_time', to_char(at, 'HH24MISS'), 'manufacturer', 'SIEMENS',
'manufacturer_model_name', 'SOMATOM go.Open Pro', 'institution_name', 'Stråleterapi',
'station_name', 'CT' || 71000 + institution, 'instance_number', number::text,
'series_number', '2', 'series_description', 'Planning CT 2.0 B30f', 'software_versions', 'VA40A',
'frame_of_reference_uid', frame)"""
_FACTS = """CASE WHEN modality IN ('CT', 'MR') THEN jsonb_build_object('frame_of_reference_uid', frame,
'image_type', jsonb_build_array('ORIGINAL', 'PRIMARY', 'AXIAL'), 'rows', 512, 'columns', 512, 'frames', 1,
'spacing_mm', jsonb_build_array(0.9765625, 0.9765625),
'origin_mm', jsonb_build_array(-249.51, -459.51, number * 2.0),
'position_mm', number * 2.0, 'thickness_mm', 2.0,
'patient_position', 'HFS', 'group', '[]'::jsonb, 'localiser', false) END"""


def fill(sketch: Sketch) -> None:
    """The content hash is made up: there are no bytes behind these rows."""
    sketch.run(_OBJECTS)
    sketch.run("ALTER TABLE nation.object ADD PRIMARY KEY (id)")
    sketch.run("CREATE INDEX ON nation.object (modality, course) WHERE modality NOT IN ('CT', 'MR')")
    sketch.run("ANALYZE nation.object")
    sketch.insert(
        "catalogue_instanceversion",
        {
            "id": "id",
            "sop_instance_uid": "uid",
            "content_hash": "encode(sha256((%(seed)s || uid)::bytea), 'hex')",
            "sop_class_uid": _CLASS,
            "transfer_syntax_uid": "'1.2.840.10008.1.2.1'",
            "size": "size",
            "modality": "modality",
            "instance_number": "number::text",
            "first_received_at": "at",
            "headers": _HEADERS,
            "facts": _FACTS,
        },
        "FROM nation.object ORDER BY id",
    )
    sketch.insert(
        "catalogue_instance",
        {
            "id": "id",
            "institution_id": "institution",
            "sop_instance_uid": "uid",
            "series_id": "series",
            "current_version_id": "id",
            "first_received_at": "at",
            "last_received_at": "at",
        },
        "FROM nation.object ORDER BY id",
    )
