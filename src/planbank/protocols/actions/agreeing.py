"""What a protocol rests on: agreements, contacts, data controllers (R37, R119, R121).

Comes in: an act, values, what their editor saw. Goes out: rows; or ChangedMeanwhile, ValidationError.
Agreements that are required gate the activation (protocols/actions/lifecycle.py).
"""

from __future__ import annotations

from hashlib import sha256
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from planbank.errors import ChangedMeanwhile
from planbank.protocols.act import Act
from planbank.protocols.models import Agreement, Contact, DataController, Protocol


@transaction.atomic
def add_agreement(act: Act, protocol: Protocol, **values: Any) -> Agreement:
    """A new agreement, signed or not yet. Raises ValidationError."""
    row = Agreement(protocol=protocol, **values)
    _check_agreement(row)
    row.save()
    _journal(act, "add agreement", "agreement", row.pk, protocol, title=row.title)
    return row


@transaction.atomic
def change_agreement(act: Act, row: Agreement, seen: int, **values: Any) -> Agreement:
    """Change what is recorded of it. Raises ChangedMeanwhile; ValidationError."""
    for name, value in values.items():
        setattr(row, name, value)
    _check_agreement(row)
    row.change(seen, **values)
    _journal(act, "change agreement", "agreement", row.pk, row.protocol, fields=sorted(values))
    return row


@transaction.atomic
def take_agreement_away(act: Act, row: Agreement, seen: int) -> None:
    """Take it away, for one that was entered by mistake. Raises ChangedMeanwhile."""
    done, _each = Agreement.objects.filter(pk=row.pk, revision=seen).delete()
    if not done:
        raise ChangedMeanwhile
    said = {"title": row.title, "required": row.required}
    _journal(act, "take agreement away", "agreement", row.pk, row.protocol, **said)


@transaction.atomic
def save_contact(act: Act, protocol: Protocol, row: Contact | None, seen: str, **values: Any) -> Contact:
    """A new contact (`row` None), or a change of one that still reads as its editor saw it.

    Raises ChangedMeanwhile; ValidationError where name and role are there already.
    """
    made = row is None
    if row is None:
        row = Contact(protocol=protocol)
    elif as_seen(_locked(row)) != seen:
        raise ChangedMeanwhile
    for name, value in values.items():
        setattr(row, name, value)
    row.full_clean()
    row.save()
    _journal(act, "add contact" if made else "change contact", "contact", row.pk, protocol)
    return row


@transaction.atomic
def take_contact_away(act: Act, row: Contact, seen: str) -> None:
    """Whom not to ask any more. Raises ChangedMeanwhile."""
    if as_seen(_locked(row)) != seen:
        raise ChangedMeanwhile
    number, protocol = row.pk, row.protocol
    row.delete()
    _journal(act, "take contact away", "contact", number, protocol)


@transaction.atomic
def save_controller(act: Act, row: DataController | None, seen: int, **values: Any) -> DataController:
    """A new data controller (`row` None), or a change. Raises ChangedMeanwhile; ValidationError."""
    made = row is None
    row = row or DataController()
    for name, value in values.items():
        setattr(row, name, value)
    row.full_clean()
    if made:
        row.save()
    else:
        row.change(seen, **values)
    action = "make controller" if made else "change controller"
    act.journal(action, object_kind="controller", object_id=row.pk, name=row.name)
    return row


def as_seen(row: Contact) -> str:
    """How a contact read when its editor opened it: contacts carry no revision."""
    parts = (row.name, row.role, row.email, row.phone, str(row.institution_id or ""))
    return sha256("\x1f".join(parts).encode()).hexdigest()


def _locked(row: Contact) -> Contact:
    found = Contact.objects.select_for_update().filter(pk=row.pk).first()
    if found is None:
        raise ChangedMeanwhile
    return found


def _check_agreement(row: Agreement) -> None:
    row.full_clean()
    if row.signed_on and row.valid_until and row.valid_until < row.signed_on:
        raise ValidationError({"valid_until": _("It cannot end before it was signed.")})


def _journal(act: Act, action: str, kind: str, number: int, protocol: Protocol, **detail: Any) -> None:
    act.journal(action, object_kind=kind, object_id=number, protocol=protocol.short_name, **detail)
