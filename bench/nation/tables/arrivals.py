"""Submissions: every object came once, one course in fifty came whole a second time."""

from __future__ import annotations

from bench.nation.sketch import Sketch

_PARCEL = """lpad(to_hex((extract(epoch FROM {at}) * 1000)::bigint), 12, '0')
|| substr(md5(%(seed)s || '{what}' || id), 1, 20)"""


def fill(sketch: Sketch) -> None:
    """New arrivals first, then those that came again two days later."""
    _submit(sketch, "id", "at", "new", "FROM nation.object ORDER BY id")
    sketch.run("SELECT setval('catalogue_submission_id_seq', (SELECT max(id) FROM nation.object))")
    again = "FROM nation.object WHERE course %% 50 = 7 AND at < %(now)s - interval '3 days' ORDER BY id"
    _submit(sketch, "nextval('catalogue_submission_id_seq')", "at + interval '2 days'", "again", again)
    sketch.run("""UPDATE catalogue_instance i SET last_received_at = at + interval '2 days'
        FROM nation.object o WHERE o.id = i.id AND o.course %% 50 = 7 AND at < %(now)s - interval '3 days'""")


def _submit(sketch: Sketch, number: str, at: str, relation: str, source: str) -> None:
    sketch.insert(
        "catalogue_submission",
        {
            "id": number,
            "instance_id": "id",
            "version_id": "id",
            "institution_id": "institution",
            "sender_id": "sender",
            "parcel_id": _PARCEL.format(at=at, what=relation),
            "association_id": "association" if relation == "new" else "md5(association)",
            "calling_ae": "ae",
            "called_ae": "'PLANBANK'",
            "address": "address",
            "received_at": at,
            "relation": f"'{relation}'",
        },
        source,
    )
