"""Structure sets with their ROIs, plans, doses and treatment records, as analyse would write them."""

from __future__ import annotations

import json
from typing import Any

from bench.nation.sketch import Sketch
from bench.nation.tables.rois import FRACTIONS, GY, ROIS
from planbank.demo.patients.naming import MANNERS, roi_colour, roi_kind, roi_name

_OF = "FROM nation.object o JOIN nation.course c ON c.id = o.course WHERE o.modality = "
_IMAGES = """(SELECT jsonb_agg(i.uid ORDER BY i.id) FROM nation.series s JOIN nation.object i ON
i.id BETWEEN s.first AND s.first + s.count - 1 WHERE s.course = o.course AND s.modality = 'CT')"""
_SERIES = "(SELECT s.uid FROM nation.series s WHERE s.course = o.course AND s.modality = 'CT')"


def _uid(modality: str, number: str) -> str:
    """The UID of the course's object of a modality, by its number."""
    return (
        f"(SELECT jsonb_build_array(x.uid || '.' || {number}) FROM nation.series x "
        f"WHERE x.course = o.course AND x.modality = '{modality}')"
    )


def fill(sketch: Sketch) -> None:
    """Ids of derived rows are those of their versions."""
    _templates(sketch)
    _structure_sets(sketch)
    sketch.insert(
        "catalogue_plan",
        {
            "id": "o.id",
            "version_id": "o.id",
            "kind": "CASE site WHEN 'proton' THEN 'ion' ELSE 'external' END",
            "label": "initcap(left(site, 4)) || ' ' || CASE o.number WHEN 1 THEN 'VMAT' ELSE 'replan' END",
            "name": "''",
            "date": "to_char(o.at, 'YYYYMMDD')",
            "intent": "'CURATIVE'",
            "approval": "CASE WHEN nation.part(o.id, 'approved') < 0.9 THEN 'APPROVED' ELSE 'UNAPPROVED' END",
            "technique": "t.technique",
            "machine": "'TB' || o.institution || 1 + o.id %% 5",
            "energies": "t.energies",
            "fractions": "t.fractions",
            "prescription_gy": "t.gy",
            "prescription_source": "'target prescription'",
            "facts": "t.plan",
            "references": "jsonb_build_object('frame_of_reference_uids', jsonb_build_array(o.frame), "
            f"'structure_set_uids', {_uid('RTSTRUCT', '1')})",
            "findings": "'[]'",
        },
        "FROM nation.object o JOIN nation.course c ON c.id = o.course JOIN nation.template t USING (site) "
        "WHERE o.modality = 'RTPLAN' ORDER BY o.id",
    )
    sketch.insert(
        "catalogue_dose",
        {
            "id": "o.id",
            "version_id": "o.id",
            "label": "''",
            "date": "''",
            "units": "'GY'",
            "type": "'PHYSICAL'",
            "summation": "'PLAN'",
            "frame_of_reference_uid": "o.frame",
            "facts": "jsonb_build_object('plans', jsonb_build_array(jsonb_build_object('sop_instance_uid', "
            f"{_uid('RTPLAN', 'o.number')} ->> 0, 'fraction_groups', '[]'::jsonb))) || t.dose",
            "references": "jsonb_build_object('frame_of_reference_uids', jsonb_build_array(o.frame), "
            f"'plan_uids', {_uid('RTPLAN', 'o.number')})",
            "findings": "'[]'",
        },
        "FROM nation.object o JOIN nation.course c ON c.id = o.course JOIN nation.template t USING (site) "
        "WHERE o.modality = 'RTDOSE' ORDER BY o.id",
    )
    sketch.insert(
        "catalogue_treatmentrecord",
        {
            "id": "o.id",
            "version_id": "o.id",
            "label": "''",
            "date": "to_char(o.at, 'YYYYMMDD')",
            "machine": "'TB' || o.institution",
            "facts": "'{}'",
            "findings": "'[]'",
            "references": f"jsonb_build_object('plan_uids', {_uid('RTPLAN', '1')})",
        },
        f"{_OF} 'RTRECORD' ORDER BY o.id",
    )


def _structure_sets(sketch: Sketch) -> None:
    sketch.insert(
        "catalogue_structureset",
        {
            "id": "o.id",
            "version_id": "o.id",
            "label": "'RS ' || site",
            "date": "to_char(o.at, 'YYYYMMDD')",
            "name": "''",
            "approval": "'APPROVED'",
            "frame_of_reference_uid": "o.frame",
            "facts": """'{"manufacturer": "Varian Medical Systems", "manufacturer_model_name": "ARIA"}'""",
            "references": "jsonb_build_object('frame_of_reference_uids', jsonb_build_array(o.frame), "
            f"'series_uids', jsonb_build_array({_SERIES}), 'image_uids', {_IMAGES})",
            "findings": "'[]'",
        },
        f"{_OF} 'RTSTRUCT' ORDER BY o.id",
    )
    sketch.insert(
        "catalogue_roi",
        {
            "id": "row_number() OVER ()",
            "structure_set_id": "o.id",
            "number": "r.number",
            "name": "r.name",
            "type": "r.type",
            "label": "''",
            "colour": "r.colour",
            "contour_count": "CASE WHEN empty THEN 0 ELSE 10 + (o.id + r.number) %% 90 END",
            "point_count": "CASE WHEN empty THEN 0 ELSE 900 + (o.id * 7 + r.number * 13) %% 9000 END",
            "is_empty": "empty",
        },
        """FROM nation.object o JOIN nation.course c ON c.id = o.course
        JOIN nation.roi r ON r.site = c.site AND r.manner = o.institution %% 4
        CROSS JOIN LATERAL (SELECT nation.part(o.id * 100 + r.number, 'empty') < 0.01 AS empty) e
        WHERE o.modality = 'RTSTRUCT'""",
    )


def _templates(sketch: Sketch) -> None:
    sketch.run(
        "CREATE TABLE nation.roi (site text, manner int, number int, name text, type text, colour text)"
    )
    rows = [
        (
            site,
            m,
            n,
            roi_name(site, key, manner),
            roi_kind(key),
            "#{:02x}{:02x}{:02x}".format(*roi_colour(site, key)),
        )
        for site, keys in ROIS.items()
        for m, manner in enumerate(MANNERS)
        for n, key in enumerate(keys, 1)
    ]
    sketch.copy("nation.roi", ("site", "manner", "number", "name", "type", "colour"), rows)
    sketch.run(
        "CREATE TABLE nation.template (site text, technique text, energies text, fractions int, gy float8, "
        "plan jsonb, dose jsonb)"
    )
    rows = [
        (site, *_technique(site), FRACTIONS[site], gy, json.dumps(_plan(site)), json.dumps(_dose(gy)))
        for site, gy in GY.items()
    ]
    columns = ("site", "technique", "energies", "fractions", "gy", "plan", "dose")
    sketch.copy("nation.template", columns, rows)


def _technique(site: str) -> tuple[str, str]:
    return ("Proton PBS", "70-180 MeV") if site == "proton" else ("VMAT", "6 MV")


def _plan(site: str) -> dict[str, Any]:
    technique, energies = _technique(site)
    beam = {
        "name": "Arc 1",
        "description": "",
        "type": "DYNAMIC",
        "radiation": "PHOTON",
        "treats": True,
        "delivery_type": "TREATMENT",
        "technique": technique,
        "machine": "TB1",
        "energies": [energies],
        "gantry_start": 181.0,
        "gantry_stop": 179.0,
        "gantry_direction": "CW",
        "arc": 358.0,
        "couch_angle": 0.0,
        "collimator_angle": 5.0,
        "segments": 178,
        "control_points": 178,
        "meterset_unit": "MU",
    }
    beams = [{**beam, "number": n, "name": f"Arc {n}"} for n in (1, 2)]
    per_fraction = GY[site] / FRACTIONS[site]
    given = [{"number": n, "meterset": 214.6, "dose_gy": per_fraction / 2} for n in (1, 2)]
    group = {
        "number": 1,
        "description": "",
        "fractions": FRACTIONS[site],
        "beams": given,
        "brachy_setups": [],
    }
    target = {"dose_gy": GY[site], "description": "PTV", "structure_type": "SITE", "roi_number": None}
    return {
        "description": "",
        "geometry": "PATIENT",
        "time": "101500",
        "approval_date": "",
        "approval_time": "",
        "techniques": [technique],
        "radiation": ["PHOTON"],
        "meterset": 429.2,
        "brachy_treatment_type": "",
        "brachy_technique": "",
        "manufacturer": "Varian Medical Systems",
        "software_versions": ["16.1"],
        "manufacturer_model_name": "ARIA RadOnc",
        "fraction_groups": [group],
        "beams": beams,
        "prescriptions": [{**target, "source": "target prescription"}],
    }


def _dose(gy: float) -> dict[str, Any]:
    grid = {"shape": [110, 180, 200], "spacing_mm": [2.5, 2.5, 2.0], "origin_mm": [-249.5, -220.0, -110.0]}
    return {
        "grid": grid,
        "maximum": gy * 1.06,
        "stored_dvhs": 0,
        "heterogeneity_correction": ["IMAGE"],
        "manufacturer": "Varian Medical Systems",
        "manufacturer_model_name": "ARIA RadOnc",
    }
