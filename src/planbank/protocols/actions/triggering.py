"""Making and changing triggers (R84, R88, R94).

Comes in: an act, a protocol, what the trigger shall look at and do. Goes out: the row, with a new
version where its meaning changed. Raises ProtocolError or ConditionError, saying what would be right.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from planbank.dicom.conditions import from_json
from planbank.errors import ProtocolError
from planbank.protocols.act import Act
from planbank.protocols.models import Protocol, Trigger

MEANING = ("kind", "roi_name", "condition", "actions", "is_fallback")


@dataclass(frozen=True)
class Wish:
    """What a trigger shall be."""

    name: str
    kind: str
    roi_name: str = ""
    condition: dict[str, Any] | None = None
    # Names of actions, or {"action": name, ...parameters}.
    actions: tuple[str | dict[str, Any], ...] = ("include",)
    is_active: bool = True
    is_fallback: bool = False
    priority: int = 0
    since: datetime | None = None
    until: datetime | None = None


@transaction.atomic
def save_trigger(
    act: Act, protocol: Protocol, wish: Wish, row: Trigger | None = None, seen: int = 0
) -> Trigger:
    """Make a trigger, or change `row` as its editor saw it (`seen`: its revision then).

    Raises ChangedMeanwhile where somebody else changed it since.
    """
    values = _values(wish) | {"changed_at": act.at, "changed_by": act.user}
    others = Trigger.objects.filter(protocol=protocol, name__iexact=values["name"])
    if others.exclude(pk=row.pk if row else None).exists():
        raise ProtocolError(_("This protocol has a trigger of this name already."))
    try:
        if row is None:
            row = Trigger.objects.create(protocol=protocol, **values)
            act.journal("trigger made", object_kind="trigger", object_id=row.pk, protocol=protocol.short_name)
            return row
        anew = any(getattr(row, name) != values[name] for name in MEANING)
        row.change(seen, **values, version=row.version + anew)
    except IntegrityError as exc:
        raise ProtocolError(_("The last day comes before the first.")) from exc
    act.journal(
        "trigger changed",
        object_kind="trigger",
        object_id=row.pk,
        protocol=protocol.short_name,
        version=row.version,
    )
    return row


def _values(wish: Wish) -> dict[str, Any]:
    """Columns; what the kind does not look at is left empty."""
    values = asdict(wish)
    values["name"] = wish.name.strip()[:64]
    if wish.kind == Trigger.Kind.TAGS:
        from_json(wish.condition)
        values["roi_name"] = ""
    else:
        values["roi_name"], values["condition"] = wish.roi_name.strip()[:64], None
        if not values["roi_name"]:
            raise ProtocolError(_("Write the name of the empty ROI."))
    if not values["name"] or not wish.actions:
        raise ProtocolError(_("A trigger has a name and does something."))
    values["actions"] = [{"action": one} if isinstance(one, str) else dict(one) for one in wish.actions]
    return values
