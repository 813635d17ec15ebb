"""`planbank apply`: controllers, protocols, centres and grants from a file.

Comes in: one row of a table. Goes out: what changed, one line each; nothing where all stands already. Raises
what the tables of `apply` raise: ValidationError, KeyError, and the errors of the verbs themselves.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, time
from typing import Any

from django.core.exceptions import ValidationError

from planbank.access.granting import Asked, give
from planbank.access.models import Grant
from planbank.access.scopes import Scope
from planbank.commands import apply_delivery
from planbank.house import House
from planbank.people.models import Institution, User
from planbank.protocols.act import Act
from planbank.protocols.actions import lifecycle
from planbank.protocols.actions.triggering import Wish, save_trigger
from planbank.protocols.levels import See, TakeOut
from planbank.protocols.models import DataController, Participation, Protocol, Trigger

_PLAIN = {
    *("title", "cancer_group", "kind", "starts_on", "ends_on", "target_accrual", "purpose"),
    *("legal_basis", "documents", "four_eyes"),
}
FIELDS = {
    "controller": {"name", "country", "address", "contact"},
    "protocol": {"short_name", "controllers", "contacts", "agreements", "structure_types", "status", *_PLAIN},
    "participation": {"protocol", "institution", "expected_accrual", "contact"},
    "trigger": {"protocol", "name", "roi_name", "condition", "actions", "is_active"},
    "grant": {"user", "role", "protocol", "see", "take_out", "institutions", "until", "reason"},
}


def controller(house: House, row: dict[str, Any]) -> list[str]:
    """A data controller, by its name."""
    found = DataController.objects.filter(name=row["name"]).first()
    made = found or DataController(name=row["name"])
    changed = [k for k, v in row.items() if getattr(made, k) != v]
    if found is not None and not changed:
        return []
    for k in changed:
        setattr(made, k, row[k])
    made.full_clean()
    made.save()
    return [f"controller {made.name}: " + ("added" if found is None else f"changed {', '.join(changed)}")]


def protocol(house: House, row: dict[str, Any]) -> list[str]:
    """A protocol, by its short name; `status = "active"` activates it where nothing is missing."""
    act, name = _act(house), row["short_name"]
    values = {k: v for k, v in row.items() if k in _PLAIN}
    found = Protocol.objects.filter(short_name=name).first()
    if found is None:
        found = lifecycle.create(act, short_name=name, **values)
        changes = [f"protocol {name}: added"]
    else:
        changed = {k: v for k, v in values.items() if getattr(found, k) != v}
        changes = [f"protocol {name}: changed {', '.join(changed)}"] if changed else []
        if changed:
            lifecycle.change(act, found, found.revision, **changed)
    changes += _beside(act, found, row)
    if row.get("status", found.status) == "active" and found.status == "draft":
        lifecycle.activate(act, found, found.revision)
        changes.append(f"protocol {name}: activated")
    elif row.get("status", found.status) != found.status:
        raise ValidationError(f"The status of {name} is {found.status}; a file only activates drafts.")
    return changes


def _beside(act: Act, found: Protocol, row: dict[str, Any]) -> list[str]:
    """Controllers, contacts, agreements and structure types: added, never taken away."""
    name, changes = found.short_name, []
    named = [_one(DataController, name=one) for one in _list(row, "controllers", str)]
    if new := [one for one in named if not found.controllers.filter(pk=one.pk).exists()]:
        lifecycle.set_controllers(act, found, found.revision, [*found.controllers.all(), *new])
        changes.append(f"protocol {name}: controllers")
    for one in _list(row, "contacts", dict):
        _made, new_contact = found.contacts.get_or_create(
            name=one["name"], role=one.get("role", ""), defaults={"email": one.get("email", "")}
        )
        changes += [f"protocol {name}: contact {one['name']}"] if new_contact else []
    for one in _list(row, "agreements", dict):
        rest = {k: one[k] for k in ("signed_on", "valid_until", "document", "required") if k in one}
        centre = _one(Institution, code=one["institution"]) if "institution" in one else None
        agreement, new_agreement = found.agreements.get_or_create(
            kind=one["kind"], title=one["title"], institution=centre, defaults=rest
        )
        agreement.full_clean()
        differs = {k: v for k, v in rest.items() if getattr(agreement, k) != v}
        if differs:
            agreement.change(agreement.revision, **differs)
        if new_agreement or differs:
            changes.append(f"protocol {name}: agreement {one['title']}")
    for order, one in enumerate(_list(row, "structure_types", str)):
        if not found.structure_types.filter(name__iexact=one).exists():
            found.structure_types.create(name=one, order=order)
            changes.append(f"protocol {name}: structure type {one}")
    return changes


def participation(house: House, row: dict[str, Any]) -> list[str]:
    """A centre in a protocol."""
    now = house.clock.now()
    where = _one(Protocol, short_name=row["protocol"])
    institution = _one(Institution, code=row["institution"])
    values = {k: v for k, v in row.items() if k in ("expected_accrual", "contact")}
    found, made = Participation.objects.get_or_create(
        protocol=where, institution=institution, until=None, defaults={"since": now, **values}
    )
    differs = {k: v for k, v in values.items() if getattr(found, k) != v}
    if differs:
        found.change(found.revision, **differs)
    if not (made or differs):
        return []
    _act(house).journal(
        "change centre", protocol=where.short_name, institution=institution.code, object_kind="protocol",
        object_id=where.pk,
    )  # fmt: skip
    return [f"protocol {where.short_name}: {institution.code} takes part"]


def grant(house: House, row: dict[str, Any]) -> list[str]:
    """A grant in a protocol (or of the site: no `protocol`); one that is in force alike is left alone."""
    now = house.clock.now()
    user = _one(User, username=row["user"])
    scope = (
        Scope("protocol", _one(Protocol, short_name=row["protocol"]).pk)
        if "protocol" in row
        else Scope("site")
    )
    whose = [_one(Institution, code=code) for code in _list(row, "institutions", str)]
    see, out = _level(See, row, "see"), _level(TakeOut, row, "take_out")
    alike = Grant.objects.in_force(now).filter(
        user=user, role=row["role"], scope_kind=scope.kind, scope_id=scope.id, see=see, take_out=out
    )
    ids = {one.pk for one in whose}
    if any({i.pk for i in one.institutions.all()} == ids for one in alike.prefetch_related("institutions")):
        return []
    asked = Asked(
        row["role"],
        scope,
        see=see,
        take_out=out,
        institutions=tuple(whose) or None,
        until=_end(row.get("until")),
        reason=row.get("reason", "planbank apply"),
    )
    give(_act(house), user, asked)
    return [f"user {user.username}: {row['role']} in {row.get('protocol', 'the site')}"]


def trigger(house: House, row: dict[str, Any]) -> list[str]:
    """A trigger of a protocol, by its name; `roi_name` or `condition` says what it looks for."""
    where = _one(Protocol, short_name=row["protocol"])
    name = row.get("name") or row.get("roi_name") or ""
    wish = Wish(
        name=name,
        kind=Trigger.Kind.TAGS if "condition" in row else Trigger.Kind.EMPTY_ROI,
        roi_name=row.get("roi_name", ""),
        condition=row.get("condition"),
        actions=apply_delivery.actions(row.get("actions", ["include"])),
        is_active=row.get("is_active", True),
    )
    found = where.triggers.filter(name__iexact=name).first()
    before = found.version if found else 0
    alike = found is not None and found.is_active == wish.is_active
    kept = save_trigger(_act(house), where, wish, found, found.revision if found else 0)
    if found is not None and alike and kept.version == before:
        return []
    return [f"protocol {where.short_name}: trigger {kept.name} " + ("changed" if found else "added")]


def _act(house: House) -> Act:
    return Act.of_command("apply", house.clock.now())


def _level(levels: Any, row: dict[str, Any], name: str) -> Any:
    words = {level.name.lower(): level for level in levels}
    wanted = row.get(name, "none")
    if wanted not in words:
        raise ValidationError(f"{name} is one of {', '.join(words)}.")
    return words[wanted]


def _end(day: Any) -> datetime | None:
    """The end of a day (UTC); TOML knows dates."""
    if day is None:
        return None
    if isinstance(day, datetime) or not isinstance(day, date):
        raise ValidationError("Write until = 2027-01-31.")
    return datetime.combine(day, time.max, UTC)


def _list(row: dict[str, Any], name: str, kind: type) -> list[Any]:
    found = row.get(name, [])
    if not isinstance(found, list) or not all(isinstance(one, kind) for one in found):
        raise ValidationError(f"Write {name} as a list.")
    return found


def _one(model: Any, **where: Any) -> Any:
    found = model.objects.filter(**where).first()
    if found is None:
        raise ValidationError(f"There is no {model._meta.verbose_name} '{next(iter(where.values()))}'.")
    return found


TABLES = {
    "controller": controller,
    "protocol": protocol,
    "participation": participation,
    "trigger": trigger,
    "grant": grant,
}
