"""Registering institutions and regions (R12, R119).

Comes in: what a system administrator says of one. Goes out: rows and journal entries, in one
transaction; ChangedMeanwhile where somebody else changed it since it was opened.
"""

from __future__ import annotations

from copy import copy
from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from planbank.dicom.identity import LOCAL
from planbank.journal.record import Actor, record
from planbank.people.models import Institution, Region
from planbank.people.schemes import check_scheme

if TYPE_CHECKING:
    from datetime import datetime


@dataclass(frozen=True)
class InstitutionFacts:
    """What is known of an institution; `time_zone` empty: the site's."""

    code: str
    name: str
    country: str = "DK"
    region: Region | None = None
    identity_scheme: str = LOCAL
    time_zone: str = ""
    deidentified_only: bool = False
    is_active: bool = True

    def columns(self) -> dict[str, Any]:
        """The columns of an Institution row."""
        return {field.name: getattr(self, field.name) for field in fields(self)}


@transaction.atomic
def register_institution(facts: InstitutionFacts, actor: Actor, at: datetime) -> Institution:
    """Register an institution. Raises ValidationError for what cannot stand, a code that is taken too."""
    row = Institution(**facts.columns())
    _check(row)
    row.save()
    _journal("register institution", row, actor, at)
    return row


@transaction.atomic
def change_institution(
    row: Institution, seen: int, facts: InstitutionFacts, actor: Actor, at: datetime
) -> Institution:
    """Replace what is known of an institution; its code stays, for arrivals and papers name it.

    Switched off, its people see nothing of it and its senders send for nobody. Raises ValidationError,
    and ChangedMeanwhile where it no longer has the revision `seen`.
    """
    values = facts.columns() | {"code": row.code}
    tried = copy(row)
    for name, value in values.items():
        setattr(tried, name, value)
    _check(tried)
    changed = sorted(name for name, value in values.items() if getattr(row, name) != value)
    row.change(seen, **values)
    if changed:
        _journal("change institution", row, actor, at, changed=changed)
    return row


@transaction.atomic
def register_region(name: str, country: str, actor: Actor, at: datetime) -> Region:
    """The region of that name; made where it is new. Raises ValidationError."""
    row = Region(name=name.strip(), country=country)
    found = Region.objects.filter(name=row.name, country=country).first()
    if found is not None:
        return found
    row.full_clean()
    row.save()
    record(actor, "register region", at, object_kind="region", object_id=row.pk, name=row.name)
    return row


def _check(row: Institution) -> None:
    row.full_clean()
    check_scheme(row.identity_scheme, row.country)
    if row.region is not None and row.region.country != row.country:
        raise ValidationError({"region": _("This region lies in another country.")})


def _journal(action: str, row: Institution, actor: Actor, at: datetime, **detail: object) -> None:
    what = {"object_kind": "institution", "object_id": row.pk, "institution": row.code}
    record(actor, action, at, **what, is_active=row.is_active, **detail)
