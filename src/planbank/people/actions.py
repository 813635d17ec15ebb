"""Registering the systems that send (R10, R11).

Comes in: what an administrator says of a sender. Goes out: rows and journal entries, in one
transaction. The clock process publishes the gate's list from these rows; nothing else is needed.
"""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.db import IntegrityError, transaction

from planbank.errors import SenderTaken
from planbank.journal.record import Actor, record
from planbank.people.models import Institution, Sender, SenderCertificate, SenderInstitution

if TYPE_CHECKING:
    from datetime import datetime

    from planbank.people.certificates import CertificateFacts


@dataclass(frozen=True)
class SenderFacts:
    """What is known of a sender. `listed`: (institution, called AE title); '' is any called title."""

    ae_title: str
    network: str
    listed: tuple[tuple[Institution, str], ...]
    description: str = ""
    contact: str = ""
    echo_host: str | None = None
    echo_port: int | None = None
    charset_fallback: str = ""
    quiet_minutes: int | None = None
    small_is_empty: bool = False

    def columns(self) -> dict[str, object]:
        """The columns of a Sender row."""
        return {
            "ae_title": self.ae_title.strip(),
            "network": plain_network(self.network),
            "description": self.description,
            "contact": self.contact,
            "echo_host": self.echo_host or None,
            "echo_port": self.echo_port,
            "charset_fallback": self.charset_fallback,
            "quiet_minutes": self.quiet_minutes,
            "small_is_empty": self.small_is_empty,
        }


def plain_network(value: str) -> str:
    """One spelling for each address or network: '10.62.9.14', '10.62.9.0/24', '10.62.9.0/24' for
    '10.62.9.7/24'. An IPv4 address inside IPv6 (RFC 4291, 2.5.5.2) is written as IPv4.

    Raises ValueError for anything else.
    """
    network = ipaddress.ip_network(value.strip(), strict=False)
    if network.num_addresses > 1:
        return str(network)
    address = network.network_address
    mapped = address.ipv4_mapped if isinstance(address, ipaddress.IPv6Address) else None
    return str(mapped or address)


@transaction.atomic
def register_sender(facts: SenderFacts, actor: Actor, at: datetime) -> Sender:
    """Register a sender. Raises SenderTaken where this AE title is registered at this address."""
    try:
        with transaction.atomic():
            sender = Sender.objects.create(**facts.columns())
            _list(sender, facts.listed)
    except IntegrityError as exc:
        raise SenderTaken(f"{facts.ae_title} at {facts.network}.") from exc
    _journal("register sender", sender, actor, at)
    return sender


@transaction.atomic
def change_sender(sender: Sender, facts: SenderFacts, actor: Actor, at: datetime) -> Sender:
    """Replace all that is known of a sender. Raises SenderTaken as `register_sender` does."""
    for name, value in facts.columns().items():
        setattr(sender, name, value)
    try:
        with transaction.atomic():
            sender.save()
            sender.listed.all().delete()
            _list(sender, facts.listed)
    except IntegrityError as exc:
        raise SenderTaken(f"{facts.ae_title} at {facts.network}.") from exc
    _journal("change sender", sender, actor, at)
    return sender


@transaction.atomic
def switch(sender: Sender, on: bool, actor: Actor, at: datetime) -> bool:
    """Switch a sender on or off; False where it was so already. Nothing it sent is touched."""
    if not Sender.objects.filter(pk=sender.pk, is_active=not on).update(is_active=on):
        return False
    sender.is_active = on
    _journal("switch sender on" if on else "switch sender off", sender, actor, at)
    return True


@transaction.atomic
def trust(ae_title: str, address: str, institution: Institution, actor: Actor, at: datetime) -> Sender:
    """Make what calls itself `ae_title` at `address` a sender of `institution` from now on.

    One that is switched off is switched on. Raises SenderTaken where it sends for another.
    """
    network = plain_network(address)
    sender, made = Sender.objects.select_for_update().get_or_create(ae_title=ae_title, network=network)
    _add(sender, "", institution)
    if not sender.is_active:
        switch(sender, True, actor, at)
    elif made:
        _journal("register sender", sender, actor, at)
    return sender


@transaction.atomic
def trust_called(
    sender: Sender, called_ae: str, institution: Institution, actor: Actor, at: datetime
) -> Sender:
    """Let what a known sender sends to `called_ae` be `institution`'s from now on.

    Raises SenderTaken where that called AE title leads to another institution.
    """
    _add(sender, called_ae, institution)
    _journal("change sender", sender, actor, at)
    return sender


@transaction.atomic
def trust_certificate(
    sender: Sender, certificate: CertificateFacts, institution: Institution, actor: Actor, at: datetime
) -> Sender:
    """Let a known sender be known by this certificate too, from now on.

    Raises SenderTaken where it does not send for `institution`.
    """
    listed = [row.institution for row in sender.listed.select_related("institution")]
    if institution not in listed:
        raise SenderTaken(f"It sends for {', '.join(sorted({one.code for one in listed})) or 'nobody'}.")
    bind(sender, certificate, actor, at)
    return sender


@transaction.atomic
def bind(sender: Sender, certificate: CertificateFacts, actor: Actor, at: datetime) -> bool:
    """Let a sender be known by this certificate; False where it was so already.

    With its first one it is known only over TLS from then on. Dates that were unknown are filled.
    """
    facts = {
        "subject": certificate.subject,
        "not_before": certificate.not_before,
        "not_after": certificate.not_after,
    }
    row, made = SenderCertificate.objects.get_or_create(
        sender=sender, fingerprint=certificate.fingerprint, defaults={**facts, "added": at}
    )
    if not made:
        if certificate.not_after is None or row.not_after == certificate.not_after:
            return False
        SenderCertificate.objects.filter(pk=row.pk).update(**facts)
    _journal("bind certificate", sender, actor, at, fingerprint=certificate.fingerprint)
    return made


@transaction.atomic
def unbind(sender: Sender, fingerprint: str, actor: Actor, at: datetime) -> bool:
    """Know a sender by this certificate no more; False where it was not. Without its last one,
    name and address alone are enough again.
    """
    gone, _ = SenderCertificate.objects.filter(sender=sender, fingerprint=fingerprint).delete()
    if gone:
        _journal("unbind certificate", sender, actor, at, fingerprint=fingerprint)
    return bool(gone)


def _add(sender: Sender, called_ae: str, institution: Institution) -> None:
    row, _made = SenderInstitution.objects.get_or_create(
        sender=sender, called_ae=called_ae, defaults={"institution": institution}
    )
    if row.institution_id != institution.pk:
        raise SenderTaken(f"It sends for {row.institution.code}.")


def _list(sender: Sender, listed: tuple[tuple[Institution, str], ...]) -> None:
    SenderInstitution.objects.bulk_create(
        [
            SenderInstitution(sender=sender, institution=institution, called_ae=called.strip())
            for institution, called in listed
        ]
    )


def _journal(action: str, sender: Sender, actor: Actor, at: datetime, **detail: str) -> None:
    """One entry, with the sender as it stands after the act."""
    rows = sender.listed.select_related("institution").order_by("called_ae")
    codes = [row.institution.code for row in rows]
    record(
        actor,
        action,
        at,
        object_kind="sender",
        object_id=sender.pk,
        institution=codes[0] if len(set(codes)) == 1 else "",
        ae_title=sender.ae_title,
        network=sender.network,
        listed=[f"{row.called_ae or '*'}: {row.institution.code}" for row in rows],
        **detail,
    )
