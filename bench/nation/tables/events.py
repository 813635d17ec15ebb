"""What happened: refusals at the gate, parcels set aside, and the journal of every association."""

from __future__ import annotations

import json

from bench.nation.sketch import Sketch

_PARAMS = {"calling_ae": "UNKNOWN_1", "called_ae": "PLANBANK", "address": "10.9.9.9", "what": "association"}
_REFUSED = {**_PARAMS, "reason": "The calling AE title is not known here.", "status": "", "sop_class_uid": ""}


def fill(sketch: Sketch) -> None:
    """One event for every ten courses; 200 waiting parcels of unknown senders at most."""
    sketch.insert(
        "bank_messages_event",
        {
            "id": "row_number() OVER (ORDER BY id)",
            "at": "at",
            "kind": "'refused'",
            "institution_id": "institution",
            "parcel_id": "md5(%(seed)s || 'event' || id)",
            "params": "%(params)s::jsonb",
        },
        "FROM nation.course WHERE id %% 10 = 3",
        params=json.dumps(_REFUSED),
    )
    sketch.insert(
        "catalogue_quarantinedparcel",
        {
            "id": "id",
            "parcel_id": "md5(%(seed)s || 'parcel' || id)",
            "reason": "'unknown-sender'",
            "detail": "''",
            "state": "CASE WHEN id <= 200 THEN 'waiting' ELSE 'deleted' END",
            "calling_ae": "'UNKNOWN_' || id %% 3",
            "called_ae": "'PLANBANK'",
            "certificate": "''",
            "address": "'10.9.9.' || id %% 5",
            "size": "526000",
            "sop_class_uid": "'1.2.840.10008.5.1.4.1.1.2'",
            "received_at": "%(now)s - make_interval(mins => id::int)",
        },
        "FROM nation.course WHERE id <= 1000 ORDER BY id",
    )
    sketch.insert(
        "journal_entry",
        {
            "id": "row_number() OVER (ORDER BY min(at))",
            "at": "min(at)",
            "actor_kind": "'sender'",
            "actor": "ae",
            "action": "'submit'",
            "object_kind": "'association'",
            "object_id": "association",
            "protocol": "''",
            "institution": "(SELECT code FROM people_institution WHERE id = s.institution)",
            "purpose": "''",
            "outcome": "'done'",
            "seal": "''",
            "detail": "jsonb_build_object('objects', sum(count), 'new', sum(count))",
        },
        "FROM nation.series s GROUP BY association, ae, institution",
    )
