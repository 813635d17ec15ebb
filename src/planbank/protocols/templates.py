"""What a protocol is made of, taken over by another one; nothing personal (R149).

Comes in: a protocol. Goes out: JSON by part, and from it rows in another protocol. A room that gives
protocols a further kind of part registers it here with `register`: how it is read, how it is given.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from planbank.errors import ConstraintError
from planbank.protocols.act import Act
from planbank.protocols.actions.constraining import Wish, add, in_force
from planbank.protocols.models import AttributeType, Protocol, StructureType, Trigger

Items = list[dict[str, Any]]


@dataclass(frozen=True)
class TemplatePart:
    """One kind of part.

    `take` reads a protocol as plain JSON; `give` makes of it what the other protocol does not have
    yet, and returns how much is new. `title` says it in words.
    """

    name: str
    title: str | Promise
    take: Callable[[Protocol], Items]
    give: Callable[[Act, Protocol, Items], int]


PARTS: dict[str, TemplatePart] = {}


def register(part: TemplatePart) -> TemplatePart:
    """Let templates hold a further kind of part. Raises ValueError for a name that is taken."""
    if part.name in PARTS:
        raise ValueError(f"templates have a part {part.name} already")
    PARTS[part.name] = part
    return part


_RECORD = ("cancer_group", "purpose", "legal_basis")
_TYPE = ("name", "description", "order", "need", "expression")
_ATTRIBUTE = ("name", "kind", "choices", "required", "order")
_CONSTRAINT = ("text", "arm")
_TRIGGER = ("name", "kind", "roi_name", "condition", "actions", "is_fallback", "priority")


def _take_record(protocol: Protocol) -> Items:
    return [{name: getattr(protocol, name) for name in _RECORD if getattr(protocol, name)}]


def _give_record(act: Act, protocol: Protocol, items: Items) -> int:
    """Only what is still empty."""
    wanted = items[0] if items else {}
    new = {name: wanted[name] for name in _RECORD if wanted.get(name) and not getattr(protocol, name)}
    if new:
        protocol.change(protocol.revision, **new)
    return len(new)


def _take_types(protocol: Protocol) -> Items:
    rows = protocol.structure_types.filter(retired_at__isnull=True)
    return [{name: getattr(row, name) for name in _TYPE} for row in rows]


def _give_types(act: Act, protocol: Protocol, items: Items) -> int:
    have = _names(StructureType.objects.filter(protocol=protocol))
    new = [item for item in items if item["name"].casefold() not in have]
    StructureType.objects.bulk_create(StructureType(protocol=protocol, **_only(item, _TYPE)) for item in new)
    return len(new)


def _take_attributes(protocol: Protocol) -> Items:
    return [{name: getattr(row, name) for name in _ATTRIBUTE} for row in protocol.attribute_types.all()]


def _give_attributes(act: Act, protocol: Protocol, items: Items) -> int:
    have = _names(AttributeType.objects.filter(protocol=protocol))
    new = [item for item in items if item["name"].casefold() not in have]
    AttributeType.objects.bulk_create(
        AttributeType(protocol=protocol, **_only(item, _ATTRIBUTE)) for item in new
    )
    return len(new)


def _take_triggers(protocol: Protocol) -> Items:
    return [{name: getattr(row, name) for name in _TRIGGER} for row in protocol.triggers.all()]


def _give_triggers(act: Act, protocol: Protocol, items: Items) -> int:
    """Switched off: somebody looks at them and switches them on."""
    have = _names(Trigger.objects.filter(protocol=protocol))
    new = [item for item in items if item["name"].casefold() not in have]
    Trigger.objects.bulk_create(
        Trigger(
            protocol=protocol,
            is_active=False,
            changed_at=act.at,
            changed_by=act.user,
            **_only(item, _TRIGGER),
        )
        for item in new
    )
    return len(new)


def _take_constraints(protocol: Protocol) -> Items:
    return [{name: getattr(row, name) for name in _CONSTRAINT} for row in in_force(protocol)]


def _give_constraints(act: Act, protocol: Protocol, items: Items) -> int:
    """Those whose structure type is here, and of which the protocol has no other limit."""
    new = 0
    for item in items:
        try:
            new += len(add(act, protocol, [Wish(**_only(item, _CONSTRAINT))]))
        except ConstraintError:
            continue
    return new


def _names(rows: Any) -> set[str]:
    return {name.casefold() for name in rows.values_list("name", flat=True)}


def _only(item: dict[str, Any], names: tuple[str, ...]) -> dict[str, Any]:
    return {name: item[name] for name in names if name in item}


register(TemplatePart("record", _("group, purpose, legal basis"), _take_record, _give_record))
register(TemplatePart("attributes", _("attributes of participants"), _take_attributes, _give_attributes))
register(TemplatePart("structure types", _("structure types"), _take_types, _give_types))
register(TemplatePart("constraints", _("constraints on the dose"), _take_constraints, _give_constraints))
register(TemplatePart("triggers", _("triggers, switched off"), _take_triggers, _give_triggers))
