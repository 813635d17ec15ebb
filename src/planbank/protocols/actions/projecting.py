"""The life of a project: made, changed, activated, closed; which data it lists (R38, R207).

Comes in: an act, values, the revision its editor saw. Goes out: the project. A project holds no data and
listing shows none: what it lists is seen once the controller approved reuse, what was listed by then.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from planbank.errors import ProtocolError
from planbank.protocols.act import Act
from planbank.protocols.actions.reusing import revoke_reuse
from planbank.protocols.models import Membership, Project, ProjectItem, ReuseRequest

Status = Project.Status


@transaction.atomic
def create(act: Act, **values: Any) -> Project:
    """A new draft. Raises ValidationError for values that cannot be."""
    row = Project(created_at=act.at, created_by=act.user, status=Status.DRAFT, **values)
    row.full_clean(exclude=["created_by"])
    row.save()
    _journal(act, "make project", row)
    return row


@transaction.atomic
def change(act: Act, project: Project, seen: int, **values: Any) -> Project:
    """Change what is recorded. Raises ChangedMeanwhile where somebody else was first; ValidationError."""
    for name, value in values.items():
        setattr(project, name, value)
    project.full_clean(exclude=["created_by"])
    project.change(seen, **values)
    _journal(act, "change project", project, fields=sorted(values))
    return project


def missing(project: Project, at: datetime) -> list[str]:
    """What has to be there before the project is active, in words."""
    found = []
    if not project.purpose.strip():
        found.append(_("a purpose"))
    if not project.recipient.strip():
        found.append(_("who receives"))
    if not project.agreement.strip():
        found.append(_("an agreement"))
    elif project.agreement_signed_on is None or project.agreement_signed_on > at.date():
        found.append(_("the day the agreement was signed"))
    if project.ends_at <= at:
        found.append(_("an end that is not over"))
    return found


@transaction.atomic
def activate(act: Act, project: Project, seen: int) -> Project:
    """Open a draft, or a closed one again. Raises ProtocolError with what is missing; ChangedMeanwhile."""
    if project.status == Status.ACTIVE:
        raise ProtocolError(_("It is active already."))
    if lacks := missing(project, act.at):
        raise ProtocolError(_("Still missing: %(what)s.") % {"what": ", ".join(lacks)})
    said = "activate project" if project.status == Status.DRAFT else "open project again"
    project.change(seen, status=Status.ACTIVE, closed_at=None)
    _journal(act, said, project)
    return project


@transaction.atomic
def close(act: Act, project: Project, seen: int, reason: str) -> Project:
    """End it: nothing is seen through it any more, and what was disclosed ends. Raises ProtocolError."""
    if project.status == Status.CLOSED:
        raise ProtocolError(_("It is closed already."))
    if not reason.strip():
        raise ProtocolError(_("Say why."))
    project.change(seen, status=Status.CLOSED, closed_at=act.at)
    for request in project.reuse.filter(state=ReuseRequest.State.APPROVED).select_related("protocol"):
        revoke_reuse(act, request, request.revision, reason)
    _journal(act, "close project", project, reason=reason.strip()[:200])
    return project


@transaction.atomic
def list_items(act: Act, project: Project, memberships: Iterable[Membership]) -> int:
    """Put members of a protocol on the project's list; returns how many are new. Raises ProtocolError."""
    if project.status == Status.CLOSED:
        raise ProtocolError(_("It is closed already."))
    rows = list(memberships)
    known = set(project.items.filter(membership__in=rows).values_list("membership_id", flat=True))
    new = [
        ProjectItem(project=project, membership=row, added_at=act.at, added_by=act.user)
        for row in rows
        if row.pk not in known
    ]
    ProjectItem.objects.bulk_create(new, ignore_conflicts=True)
    if new:
        protocols = sorted({row.membership.protocol.short_name for row in new})
        _journal(act, "list in project", project, members=len(new), protocols=protocols)
    return len(new)


@transaction.atomic
def take_off(act: Act, project: Project, items: Iterable[ProjectItem]) -> int:
    """Take members off the list: with the next request nobody sees them through the project."""
    done, _each = ProjectItem.objects.filter(project=project, pk__in=[row.pk for row in items]).delete()
    if done:
        _journal(act, "take off project", project, members=done)
    return done


def _journal(act: Act, action: str, row: Project, **detail: Any) -> None:
    act.journal(action, object_kind="project", object_id=row.pk, project=row.short_name, **detail)
