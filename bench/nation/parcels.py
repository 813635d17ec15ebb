"""Objects left in the transit area as the gate would leave them.

Comes in: DICOM files as bytes. Goes out: sealed, signed parcels, for register to find.
"""

from __future__ import annotations

from datetime import UTC, datetime
from io import BytesIO

from planbank.archive.part10 import split
from planbank.dicom.headers import scan
from planbank.transit.parcel import Header, new_parcel_id
from planbank.transit.tray import Tray

CALLING, CALLED, ADDRESS = "NATION_TPS", "PLANBANK", "127.0.0.1"


def leave(tray: Tray, file: bytes, association_id: str) -> str:
    """Deposit one object; returns its parcel id."""
    syntax, offset = split(BytesIO(file))
    data = file[offset:]
    who = scan(data, syntax)
    return leave_data_set(tray, data, syntax, (who.sop_class_uid, who.sop_instance_uid), association_id)


def leave_data_set(tray: Tray, data: bytes, syntax: str, uids: tuple[str, str], association_id: str) -> str:
    """Deposit one encoded data set with its (SOP Class UID, SOP Instance UID)."""
    now = datetime.now(UTC)
    parcel_id = new_parcel_id(now)
    header = Header(
        parcel_id=parcel_id,
        kind="object",
        association_id=association_id,
        calling_ae=CALLING,
        called_ae=CALLED,
        address=ADDRESS,
        received_at=now.isoformat(timespec="microseconds"),
        sop_class_uid=uids[0],
        sop_instance_uid=uids[1],
        transfer_syntax_uid=syntax,
        sender_known=True,
    )
    tray.put(header, [data])
    return parcel_id
