"""`planbank apply FILE.toml`: institutions, senders, people, protocols, destinations and grants from a file.

Comes in: TOML. Goes out: rows, and what changed in words. Running it again changes nothing; what
the file does not name stays as it is. It never takes a password: a new person gets a one-time link.
"""

from __future__ import annotations

import tomllib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from django.core.exceptions import ObjectDoesNotExist, ValidationError
from django.db import transaction
from django.db.models import Model

from planbank.access.accounts import end_tokens
from planbank.commands import apply_constraints, apply_delivery, apply_naming, apply_protocols
from planbank.errors import (
    AccessError,
    CertificateUnusable,
    ConditionError,
    ConstraintError,
    DeliveryError,
    NamingError,
    ProtocolError,
    SettingsError,
)
from planbank.house import House
from planbank.journal.record import Actor, record
from planbank.messages.models import SenderNotices
from planbank.messages.outbox import is_address
from planbank.people.actions import bind, plain_network
from planbank.people.certificates import read_certificate
from planbank.people.models import Affiliation, Institution, Region, Sender, SenderInstitution, User
from planbank.people.revised import Revised
from planbank.protocols.act import Act
from planbank.web import sessions

ACTOR = Actor("command", "apply")
FAULTS = (
    ValidationError,
    CertificateUnusable,
    ObjectDoesNotExist,
    KeyError,
    ProtocolError,
    AccessError,
    NamingError,
    DeliveryError,
    ConditionError,
    ConstraintError,
)
FIELDS = {
    "region": {"name", "country"},
    "institution": {
        "code",
        "name",
        "region",
        "country",
        "identity_scheme",
        "time_zone",
        "deidentified_only",
        "is_active",
    },
    "sender": {
        *("ae_title", "network", "institution", "institutions", "description", "contact"),
        *("echo_host", "echo_port", "charset_fallback", "is_active", "certificates"),
        *("quiet_minutes", "small_is_empty", "recipients"),
    },
    "user": {
        "username",
        "name",
        "email",
        "institutions",
        "administers",
        "is_site_admin",
        "is_active",
        "language",
    },
    **apply_delivery.FIELDS,
    **apply_protocols.FIELDS,
    **apply_naming.FIELDS,
    **apply_constraints.FIELDS,
}
# Destinations before the triggers that name them.
TOLD = apply_delivery.TABLES | apply_protocols.TABLES | apply_naming.TABLES | apply_constraints.TABLES


@dataclass
class Applied:
    """What happened: one line per change, and the people who need a one-time link."""

    changes: list[str] = field(default_factory=list)
    new_users: list[User] = field(default_factory=list)


def apply_file(house: House, file: Path) -> Applied:
    """Apply a TOML file as a whole or not at all. Raises SettingsError naming table and row."""
    try:
        content = tomllib.loads(file.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as exc:
        raise SettingsError(f"{file}: {exc}") from exc
    return apply(house, content)


@transaction.atomic
def apply(house: House, content: dict[str, Any]) -> Applied:
    """Apply tables that are already read. Raises SettingsError; nothing is changed then."""
    if unknown := sorted(set(content) - set(FIELDS)):
        raise SettingsError(f"There is no table [[{unknown[0]}]]; there are {', '.join(FIELDS)}.")
    applied = Applied()
    for table, one in (
        ("region", _region),
        ("institution", _institution),
        ("sender", _sender),
        ("user", _user),
        *((name, _told(one)) for name, one in TOLD.items()),
    ):
        for number, row in enumerate(_rows(content, table), 1):
            try:
                one(house, row, applied)
            except FAULTS as exc:
                raise SettingsError(f"[[{table}]] number {number}: {_words(exc)}") from exc
    if applied.changes:
        record(ACTOR, "apply settings", house.clock.now(), changes=len(applied.changes))
    return applied


def _told(
    one: Callable[[House, dict[str, Any]], list[str]],
) -> Callable[[House, dict[str, Any], Applied], None]:
    """A table that returns its changes, as the others write them."""

    def run(house: House, row: dict[str, Any], applied: Applied) -> None:
        applied.changes += one(house, row)

    return run


def _rows(content: dict[str, Any], table: str) -> Iterator[dict[str, Any]]:
    rows = content.get(table, [])
    if not isinstance(rows, list):
        raise SettingsError(f"Write [[{table}]] with two brackets.")
    for number, row in enumerate(rows, 1):
        if "password" in row:
            raise SettingsError(f"[[{table}]] number {number}: passwords are never taken from a file.")
        if extra := sorted(set(row) - FIELDS[table]):
            raise SettingsError(f"[[{table}]] number {number}: there is no field '{extra[0]}'.")
        yield row


def _words(exc: Exception) -> str:
    if isinstance(exc, ValidationError):
        if hasattr(exc, "error_dict"):
            return "; ".join(f"{name}: {' '.join(words)}" for name, words in exc.message_dict.items())
        return " ".join(exc.messages)
    if isinstance(exc, KeyError):
        return f"the field {exc} is missing."
    return str(exc)


def _region(house: House, row: dict[str, Any], applied: Applied) -> None:
    values = {"name": row["name"], "country": row.get("country", "DK")}
    _upsert(Region, values, {}, f"region {row['name']}", applied)


def _institution(house: House, row: dict[str, Any], applied: Applied) -> None:
    values = {k: v for k, v in row.items() if k not in {"code", "region"}}
    if "region" in row:
        values["region"] = _one(Region, name=row["region"])
    _upsert(Institution, {"code": row["code"]}, values, f"institution {row['code']}", applied)


def _sender(house: House, row: dict[str, Any], applied: Applied) -> None:
    key = {"ae_title": row["ae_title"], "network": _network(row["network"])}
    apart = {*key, "institution", "institutions", "certificates", "recipients"}
    values = {k: v for k, v in row.items() if k not in apart}
    name = f"sender {row['ae_title']} at {key['network']}"
    sender = _upsert(Sender, key, values, name, applied)
    listed = _list_of(dict, row, "institutions")
    if "institution" in row:
        listed = [{"institution": row["institution"]}, *listed]
    wanted = {one.get("called_ae", ""): _one(Institution, code=one["institution"]) for one in listed}
    if not wanted and not sender.listed.exists():
        raise ValidationError("A sender needs an institution.")
    for called_ae, institution in wanted.items():
        link, made = SenderInstitution.objects.get_or_create(
            sender=sender, called_ae=called_ae, defaults={"institution": institution}
        )
        if made or link.institution != institution:
            link.institution = institution
            link.save()
            applied.changes.append(f"{name}: sends for {institution.code}")
    for text in _list_of(str, row, "certificates"):
        certificate = read_certificate(text)
        if bind(sender, certificate, ACTOR, house.clock.now()):
            applied.changes.append(f"{name}: bound to certificate {certificate.fingerprint[:16]}")
    _notices_of(sender, row, name, applied)


def _notices_of(sender: Sender, row: dict[str, Any], name: str, applied: Applied) -> None:
    """Whom receipts go to."""
    if "recipients" not in row:
        return
    wanted = _list_of(str, row, "recipients")
    for address in wanted:
        if not is_address(address):
            raise ValidationError(f"recipients: {address[:80]} is no e-mail address.")
    notices, _made = SenderNotices.objects.get_or_create(sender=sender)
    if notices.recipients != wanted:
        notices.recipients = wanted
        notices.save()
        applied.changes.append(f"{name}: receipts go to {len(wanted)} addresses")


def _user(house: House, row: dict[str, Any], applied: Applied) -> None:
    values = {k: v for k, v in row.items() if k not in {"username", "institutions", "administers"}}
    before = User.objects.filter(username=row["username"]).exists()
    user = _upsert(User, {"username": row["username"]}, values, f"user {row['username']}", applied)
    if not before:
        user.set_unusable_password()
        user.save()
        applied.new_users.append(user)
    now = house.clock.now()
    if not user.is_active:
        if ended := sessions.end(user):
            applied.changes.append(f"user {user.username}: {ended} sessions ended")
        if ended := end_tokens(Act(now, ACTOR), user):
            applied.changes.append(f"user {user.username}: {ended} tokens ended")
    administers = set(_list_of(str, row, "administers"))
    works_for = _list_of(str, row, "institutions")
    for code in [*works_for, *sorted(administers - set(works_for))]:
        _affiliate(user, _one(Institution, code=code), code in administers, now, applied)


def _affiliate(user: User, institution: Institution, is_admin: bool, now: datetime, applied: Applied) -> None:
    link = Affiliation.objects.not_over(now).filter(user=user, institution=institution).first()
    if link is None:
        Affiliation.objects.create(
            user=user, institution=institution, since=now, is_admin=is_admin, reason="planbank apply"
        )
        applied.changes.append(f"user {user.username}: works for {institution.code}")
    elif link.is_admin != is_admin:
        link.change(link.revision, is_admin=is_admin)
        applied.changes.append(f"user {user.username}: administers {institution.code}: {is_admin}")


def _network(value: Any) -> Any:
    """In one spelling, so that a sender registered on a page is the same one."""
    try:
        return plain_network(str(value))
    except ValueError:
        return value  # the row's own check says what is wrong


def _list_of(kind: type, row: dict[str, Any], name: str) -> list[Any]:
    found = row.get(name, [])
    if not isinstance(found, list) or not all(isinstance(one, kind) for one in found):
        what = '{called_ae = "...", institution = "..."}' if kind is dict else '"..."'
        raise ValidationError(f"Write {name} = [{what}, ...].")
    return found


def _one(model: type[Model], **where: Any) -> Any:
    found = model._default_manager.filter(**where).first()
    if found is None:
        raise ValidationError(f"There is no {model.__name__.lower()} '{next(iter(where.values()))}'.")
    return found


def _upsert(
    model: type[Model], key: dict[str, Any], values: dict[str, Any], name: str, applied: Applied
) -> Any:
    row = model._default_manager.filter(**key).first()
    made = row is None
    row = row or model(**key)
    changed = [k for k, v in values.items() if getattr(row, k) != v]
    for k in changed:
        setattr(row, k, values[k])
    if made or changed:
        if isinstance(row, User) and made:
            row.set_unusable_password()
        if isinstance(row, Revised) and not made:
            row.revision += 1  # who has it open is told that it changed
        row.full_clean()
        row.save()
        applied.changes.append(f"{name}: added" if made else f"{name}: changed {', '.join(changed)}")
    return row
