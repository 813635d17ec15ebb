"""Reads of senders that more than one room needs.

Comes in: AE titles and an address as they were at the gate. Goes out: the sender and the
institution the data belong to, or the reason why not.
"""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

from planbank.people.arrivals import UPLOAD
from planbank.people.models import Institution, Sender

if TYPE_CHECKING:
    from collections.abc import Sequence

Reason = Literal[
    "",
    "unknown-sender",
    "known-name-other-address",
    "known-name-other-certificate",
    "no-institution-for-called-ae",
]


@dataclass(frozen=True)
class Decision:
    """Whose an arrival is; `reason` is empty exactly when there is an institution."""

    sender: Sender | None
    institution: Institution | None
    reason: Reason = ""


@dataclass
class SenderBook:
    """All active senders, read once for a batch of arrivals."""

    senders: list[Sender] = field(
        default_factory=lambda: list(
            Sender.objects.filter(is_active=True).prefetch_related("listed__institution", "certificates")
        )
    )

    institutions: dict[str, Institution] = field(
        default_factory=lambda: {row.code: row for row in Institution.objects.filter(is_active=True)}
    )

    def decide(self, calling_ae: str, called_ae: str, address: str, certificate: str = "") -> Decision:
        """R10, R11: calling AE title and address name the sender, the called AE title the institution.

        `certificate` is the SHA-256 of what was shown over TLS: a sender that is bound to certificates
        is nobody without one of them, as at the gate.
        """
        if address == UPLOAD:
            return self._uploaded(calling_ae)
        named = [s for s in self.senders if s.ae_title == calling_ae.strip()]
        here = [s for s in named if _inside(address, s.network)]
        if not here:
            return Decision(None, None, "known-name-other-address" if named else "unknown-sender")
        # The narrowest network wins, so that one machine can be told apart from its subnet.
        sender = max(here, key=lambda s: ipaddress.ip_network(s.network, strict=False).prefixlen)
        bound_to = {row.fingerprint for row in sender.certificates.all()}
        if bound_to and certificate not in bound_to:
            return Decision(sender, None, "known-name-other-certificate")
        by_called = {row.called_ae: row.institution for row in sender.listed.all()}
        institution = by_called.get(called_ae.strip()) or by_called.get("")
        if institution is None or not institution.is_active:
            return Decision(sender, None, "no-institution-for-called-ae")
        return Decision(sender, institution)

    def _uploaded(self, code: str) -> Decision:
        """Whose a file of the upload form is: the site's own signature vouches for it (register looks)."""
        found = self.institutions.get(code)
        return Decision(None, found, "" if found else "no-institution-for-called-ae")

    def concerned(self, decision: Decision, address: str) -> Institution | None:
        """Whom a refusal is to be told: whose it would have been; else the one institution that this
        sender sends for, or that every sender at this address does (where TLS failed, no name came).
        """
        if decision.institution is not None:
            return decision.institution
        if decision.sender is not None:
            senders = [decision.sender]
        else:
            senders = [s for s in self.senders if _inside(address, s.network)]
        found = {row.institution for sender in senders for row in sender.listed.all()}
        active = [institution for institution in found if institution.is_active]
        return active[0] if len(active) == 1 else None


def _inside(address: str, network: str) -> bool:
    try:
        ip = ipaddress.ip_address(address)
    except ValueError:
        return False
    if isinstance(ip, ipaddress.IPv6Address) and ip.ipv4_mapped:
        ip = ip.ipv4_mapped
    return ip in ipaddress.ip_network(network, strict=False)


def gate_file(
    unknown: str, called: list[str], vendor_storage: str = "accept", storage_classes: Sequence[str] = ()
) -> dict[str, Any]:
    """What the gate is told (control file `senders`): names, addresses, certificates; no institution.

    The rest are settings: what becomes of unknown senders, AE titles it answers to, private storage
    classes ('accept' or 'refuse'), and further classes to take.
    """
    senders: list[dict[str, Any]] = []
    listed: set[str] = set(called)
    for sender in Sender.objects.filter(is_active=True).prefetch_related("listed", "certificates"):
        one: dict[str, Any] = {"ae_title": sender.ae_title, "networks": [sender.network]}
        if bound_to := sorted(row.fingerprint for row in sender.certificates.all()):
            one["certificates"] = bound_to
        senders.append(one)
        listed.update(row.called_ae for row in sender.listed.all() if row.called_ae)
    return {
        "version": 1,
        "unknown": unknown,
        "called": sorted(listed),
        "senders": senders,
        "vendor_storage": vendor_storage,
        "storage_classes": sorted(storage_classes),
    }
