"""Requests of metrics kept under a name, and let go again (R72).

Comes in: an act, a protocol or project, what is asked for. Goes out: rows, journalled. Raises
StatisticsError in words.
"""

from __future__ import annotations

from collections.abc import Iterable

from django.db import transaction
from django.utils.translation import gettext as _

from planbank.errors import StatisticsError
from planbank.protocols.act import Act
from planbank.protocols.models import Project, Protocol, SavedRequest, StructureType

MOST = 100


@transaction.atomic
def save(
    act: Act, owner: Protocol | Project, name: str, types: Iterable[StructureType], metrics: str
) -> SavedRequest:
    """Keep a request; one of that name that stands is replaced, and stays in the record as ended."""
    name = " ".join(name.split())[:64]
    if not name:
        raise StatisticsError(_("Give it a name."))
    _locked(owner)
    standing = owner.saved_requests.filter(ended_at__isnull=True)
    standing.filter(name=name).update(ended_at=act.at)
    if standing.count() >= MOST:
        raise StatisticsError(_("There are %(n)s saved requests. Remove one that nobody asks.") % {"n": MOST})
    row = owner.saved_requests.create(name=name, metrics=metrics[:500], made_at=act.at, made_by=act.user)
    row.structure_types.set(types)
    _journal(act, "save request", row)
    return row


@transaction.atomic
def drop(act: Act, row: SavedRequest) -> None:
    """Let it go; done twice it changes nothing."""
    if SavedRequest.objects.filter(pk=row.pk, ended_at__isnull=True).update(ended_at=act.at):
        _journal(act, "remove request", row)


@transaction.atomic
def bring_back(act: Act, row: SavedRequest) -> None:
    """Undo `drop`. Raises StatisticsError where another one took its name."""
    _locked(row.owner)
    if row.owner.saved_requests.filter(name=row.name, ended_at__isnull=True).exists():
        raise StatisticsError(_("Another request has this name by now."))
    if SavedRequest.objects.filter(pk=row.pk, ended_at__isnull=False).update(ended_at=None):
        _journal(act, "save request", row)


def _locked(owner: Protocol | Project) -> None:
    """Two who save at once do so one after the other."""
    type(owner)._default_manager.select_for_update().get(pk=owner.pk)


def _journal(act: Act, action: str, row: SavedRequest) -> None:
    act.journal(action, object_kind="request", object_id=row.pk, **row.owner.named)
