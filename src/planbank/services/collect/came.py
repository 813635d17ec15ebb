"""An object that arrived, as collect is given it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from planbank.audits.models import Return
from planbank.dicom import uids
from planbank.dicom.headers import Identity
from planbank.people.models import Institution, Sender

KINDS = {
    "structure set": Return.Kind.STRUCTURES,
    "plan": Return.Kind.PLAN,
    "dose": Return.Kind.DOSE,
    "image": Return.Kind.IMAGE,
}
RT = (Return.Kind.STRUCTURES, Return.Kind.PLAN, Return.Kind.DOSE)


@dataclass(frozen=True)
class Came:
    """An object that arrived; its bytes are in the archive."""

    parcel_id: str
    content_hash: str
    size: int
    transfer_syntax_uid: str
    identity: Identity
    institution: Institution | None
    sender: Sender | None
    received_at: datetime

    @property
    def kind(self) -> Return.Kind:
        """What it is to an audit study."""
        return KINDS.get(uids.kind(self.identity.sop_class_uid), Return.Kind.OTHER)
