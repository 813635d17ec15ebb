"""`planbank apply`: destinations, and what triggers do (R87, R89).

Comes in: one row of a table. Goes out: what changed, one line each; nothing where all stands already. Raises
what the tables of `apply` raise: ValidationError, KeyError, DeliveryError.
"""

from __future__ import annotations

from dataclasses import fields
from typing import Any

from django.core.exceptions import ValidationError

from planbank.delivery.destinations import DestinationFacts, change, confirm, register, switch
from planbank.delivery.models import Destination, Forward
from planbank.house import House
from planbank.people.models import Institution
from planbank.protocols.act import Act
from planbank.services.trigger.actions import ACTIONS

_PLAIN = {"name", "ae_title", "host", "port", "purpose", "calling_ae", "tls", "fingerprint", "contact"}
FIELDS = {"destination": {*_PLAIN, "institution", "is_active"}}


def destination(house: House, row: dict[str, Any]) -> list[str]:
    """A node that may be sent to, by its name; who applies the file confirms it thereby."""
    act = Act.of_command("apply", house.clock.now())
    found = Destination.objects.filter(name__iexact=row["name"]).first()
    institution = Institution.objects.filter(code=row["institution"]).first()
    if institution is None:
        raise ValidationError(f"There is no institution '{row['institution']}'.")
    known = {} if found is None else {k: getattr(found, k) for k in _PLAIN}
    given = {k: v for k, v in row.items() if k not in ("institution", "is_active")}
    wanted = {**known, **given, "institution": institution}
    if missing := [name for name in ("ae_title", "host", "port", "purpose") if name not in wanted]:
        raise KeyError(missing[0])
    facts = DestinationFacts(**wanted)
    rest = {field.name for field in Destination._meta.fields} - set(facts.columns())
    Destination(**facts.columns()).clean_fields(exclude=rest)
    if found is None:
        found, changes = register(act, facts, confirmed=True), ["added"]
    else:
        changes = [k for k, v in facts.columns().items() if getattr(found, k) != v]
        if changes:
            change(act, found, facts, found.revision)
        if found.confirmed_at is None:
            confirm(act, found)
            changes.append("confirmed")
    if (on := row.get("is_active", found.is_active)) != found.is_active:
        switch(act, found, on)
        changes.append("switched on" if on else "switched off")
    return [f"destination {found.name}: {', '.join(changes)}"] if changes else []


def actions(given: list[Any]) -> tuple[dict[str, Any], ...]:
    """What a trigger does: names of actions, or tables {action = "forward", destination = "NAME", ...}."""
    return tuple(_action({"action": one} if isinstance(one, str) else dict(one)) for one in given)


def _action(one: dict[str, Any]) -> dict[str, Any]:
    name = one.get("action")
    if name not in ACTIONS:
        raise ValidationError(f"There is no action {name}; there are {', '.join(ACTIONS)}.")
    known = {"action", *(field.name for field in fields(ACTIONS[name]))}  # type: ignore[arg-type]
    if extra := sorted(set(one) - known):
        raise ValidationError(f"The action {name} has no '{extra[0]}'.")
    if "destination" in known:
        found = Destination.objects.filter(name__iexact=str(one.get("destination", ""))).first()
        if found is None:
            raise ValidationError(f"There is no destination '{one.get('destination', '')}'.")
        one["destination"] = found.pk
    if one.get("waits", "nothing") not in Forward.Waits.values:
        raise ValidationError(f"waits is one of {', '.join(Forward.Waits.values)}.")
    return one


TABLES = {"destination": destination}
