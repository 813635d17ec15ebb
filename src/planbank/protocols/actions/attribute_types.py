"""The attributes a protocol asks of its participants (R145).

Comes in: an act, a protocol, what an attribute shall be. Goes out: the row. What participants already say
is never lost: an attribute with values keeps its kind, and is not removed.
"""

from __future__ import annotations

from dataclasses import dataclass

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from planbank.errors import ProtocolError
from planbank.protocols.act import Act
from planbank.protocols.models import AttributeType, Participant, Protocol

# Columns of the list of participants: no attribute is called so.
TAKEN = frozenset(
    {
        *("trial_id", "institution", "arm", "laterality", "breathing", "consent", "consent_on"),
        *("expected_on", "patient_id", "expected"),
    }
)


@dataclass(frozen=True)
class AttributeWish:
    """What an attribute shall be."""

    name: str
    kind: str
    choices: tuple[str, ...] = ()
    required: bool = False
    order: int = 0


@transaction.atomic
def save_attribute_type(
    act: Act, protocol: Protocol, wish: AttributeWish, row: AttributeType | None = None
) -> AttributeType:
    """Make an attribute, or change one. Raises ProtocolError in words."""
    name = " ".join(wish.name.split())[:48]
    if not name or name.startswith(("=", "+", "-", "@")):
        raise ProtocolError(_("An attribute has a name, which begins with a letter or digit."))
    if name.casefold() in TAKEN:
        raise ProtocolError(_("'%(name)s' is a column of every list of participants.") % {"name": name})
    choices = list(dict.fromkeys(c.strip() for c in wish.choices if c.strip()))
    if wish.kind == AttributeType.Kind.CHOICE and len(choices) < 2:
        raise ProtocolError(_("Write at least two values to choose from, one a line."))
    values = {
        "name": name,
        "kind": wish.kind,
        "choices": choices if wish.kind == AttributeType.Kind.CHOICE else [],
        "required": wish.required,
        "order": wish.order,
    }
    try:
        with transaction.atomic():
            if row is None:
                row = AttributeType.objects.create(protocol=protocol, **values)
            else:
                _change(row, values)
    except IntegrityError as exc:
        raise ProtocolError(_("This protocol has an attribute of this name already.")) from exc
    _journal(act, "save attribute", row)
    return row


@transaction.atomic
def remove_attribute_type(act: Act, row: AttributeType) -> None:
    """Take an attribute out again. Raises ProtocolError where participants say something there."""
    if n := _used(row):
        raise ProtocolError(_("%(n)s participants have a value there; empty them first.") % {"n": n})
    _journal(act, "remove attribute", row)
    row.delete()


def _change(row: AttributeType, values: dict) -> None:
    used = _used(row)
    if used and row.kind != values["kind"]:
        raise ProtocolError(_("%(n)s participants have a value there; its kind stays.") % {"n": used})
    gone = set(row.choices) - set(values["choices"])
    for choice in sorted(gone):
        if Participant.objects.filter(
            protocol=row.protocol_id, **{f"attributes__{row.name}": choice}
        ).exists():
            raise ProtocolError(_("'%(choice)s' is used by a participant; it stays.") % {"choice": choice})
    before = row.name
    for name, value in values.items():
        setattr(row, name, value)
    row.save()
    if before != row.name and used:
        for participant in Participant.objects.select_for_update().filter(
            protocol=row.protocol_id, attributes__has_key=before
        ):
            participant.attributes[row.name] = participant.attributes.pop(before)
            participant.change(participant.revision, attributes=participant.attributes)


def _used(row: AttributeType) -> int:
    return Participant.objects.filter(protocol=row.protocol_id, attributes__has_key=row.name).count()


def _journal(act: Act, action: str, row: AttributeType) -> None:
    act.journal(
        action,
        object_kind="attribute",
        object_id=row.pk,
        protocol=row.protocol.short_name,
        attribute=row.name,
    )
