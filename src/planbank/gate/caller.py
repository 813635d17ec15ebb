"""Who is at the other end of an association, and what a parcel says of it.

Comes in: what was negotiated. Goes out: the headers of this association's parcels.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from planbank.transit.parcel import Header, Kind, new_parcel_id

if TYPE_CHECKING:
    from datetime import datetime


@dataclass(frozen=True)
class Caller:
    """AE titles and address of one association. `association_id` is 32 random hex digits."""

    association_id: str
    address: str
    calling_ae: str = ""
    called_ae: str = ""
    certificate: str = ""
    known: bool = False

    def header(
        self,
        kind: Kind,
        now: datetime,
        sop_class_uid: str = "",
        sop_instance_uid: str = "",
        transfer_syntax_uid: str = "",
    ) -> Header:
        """The header of a parcel that begins now."""
        return Header(
            parcel_id=new_parcel_id(now),
            kind=kind,
            association_id=self.association_id,
            calling_ae=self.calling_ae,
            called_ae=self.called_ae,
            address=self.address,
            received_at=now.isoformat(timespec="microseconds"),
            sop_class_uid=sop_class_uid,
            sop_instance_uid=sop_instance_uid,
            transfer_syntax_uid=transfer_syntax_uid,
            certificate=self.certificate,
            sender_known=self.known,
        )
