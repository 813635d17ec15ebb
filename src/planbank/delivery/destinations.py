"""Registering destinations: who asks, who confirms (R89; security.md: key users ask, administrators approve).

Comes in: an act and what is known of a node. Goes out: the row, journalled. What changes where data go
must be confirmed anew.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from planbank.delivery.models import Destination
from planbank.errors import DeliveryError
from planbank.people.models import Institution
from planbank.protocols.act import Act

WHERE = ("institution", "ae_title", "host", "port", "tls", "fingerprint", "purpose")


@dataclass(frozen=True)
class DestinationFacts:
    """What is known of a destination."""

    name: str
    institution: Institution
    ae_title: str
    host: str
    port: int
    purpose: str
    calling_ae: str = ""
    tls: bool = True
    fingerprint: str = ""
    contact: str = ""

    def columns(self) -> dict[str, object]:
        """The columns of a row."""
        return {**asdict(self), "institution": self.institution, "host": self.host.lower()}


@transaction.atomic
def register(act: Act, facts: DestinationFacts, *, confirmed: bool) -> Destination:
    """Write a destination down, confirmed or waiting for it. Raises DeliveryError where it stands there."""
    try:
        with transaction.atomic():
            row = Destination.objects.create(**facts.columns(), asked_at=act.at, asked_by=act.user)
    except IntegrityError as exc:
        raise DeliveryError(_("A destination of this name, or this node, is registered already.")) from exc
    _journal(act, "register destination", row)
    if confirmed:
        confirm(act, row)
    return row


@transaction.atomic
def change(act: Act, row: Destination, facts: DestinationFacts, seen: int) -> None:
    """Change it. Who changes where data go confirms it thereby. Raises ChangedMeanwhile, DeliveryError."""
    values = facts.columns()
    moved = any(getattr(row, name) != values[name] for name in WHERE)
    try:
        with transaction.atomic():
            row.change(seen, **values)
    except IntegrityError as exc:
        raise DeliveryError(_("A destination of this name, or this node, is registered already.")) from exc
    _journal(act, "change destination", row)
    if moved:
        try_now(row)
        if row.confirmed_at is not None:
            confirm(act, row)


@transaction.atomic
def confirm(act: Act, row: Destination) -> None:
    """Data may go there from now on."""
    row.confirmed_at, row.confirmed_by = act.at, act.user
    row.save(update_fields=["confirmed_at", "confirmed_by"])
    _journal(act, "confirm destination", row)


@transaction.atomic
def switch(act: Act, row: Destination, on: bool) -> None:
    """Switch it off: nothing goes there, what waits is withheld when its turn comes; or on again."""
    row.is_active = on
    row.save(update_fields=["is_active"])
    _journal(act, "switch destination on" if on else "switch destination off", row)


@transaction.atomic
def pause(act: Act, row: Destination, on: bool) -> None:
    """Let what goes there wait, or go on at once."""
    row.is_paused = on
    row.save(update_fields=["is_paused"])
    if not on:
        try_now(row)
    _journal(act, "pause destination" if on else "resume destination", row)


def try_now(row: Destination) -> None:
    """Forget that it was away: the next try is now."""
    Destination.objects.filter(pk=row.pk).update(retry_at=None, failures=0, failing_since=None, problem="")


def _journal(act: Act, action: str, row: Destination) -> None:
    act.journal(
        action,
        object_kind="destination",
        object_id=row.pk,
        institution=row.institution.code,
        purpose=row.purpose[:200],
        name=row.name,
        ae_title=row.ae_title,
        host=row.host,
        port=row.port,
        tls=row.tls,
    )
