"""The persons and worlds of the oracle, as rows of the bank."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from planbank.access.models import Grant
from planbank.access.roles import ROLES
from planbank.catalogue.models import PlanSet
from planbank.people.models import Affiliation, User
from planbank.protocols.models import Disclosure, Membership, ProjectItem, ReuseRequest
from tests.access.oracle import Held, Person, World
from tests.protocols.rows import ProtocolRows

DAY = timedelta(days=1)


def build_person(rows: ProtocolRows, world: World, person: Person) -> User:
    """The account of a person, with where they work and what they hold."""
    user: User = User.objects.create(
        username=person.name,
        password="x",  # one that nobody can type
        name=person.name.title(),
        is_active=person.active,
        is_site_admin=person.admin,
    )
    for work in person.works:
        Affiliation.objects.create(
            user=user,
            institution=rows.institution(work.where),
            since=rows.at + work.since * DAY,
            until=rows.at + work.until * DAY,
            is_admin=work.admin,
        )
    for held in person.holds:
        _grant(rows, world, user, held)
    return user


def _grant(rows: ProtocolRows, world: World, user: User, held: Held) -> None:
    fields: dict[str, Any] = {
        "see": held.see,
        "take_out": held.out,
        "since": rows.at + held.since * DAY,
        "until": rows.at + held.until * DAY,
        "revoked_at": rows.at if held.revoked else None,
        "confirmed_at": rows.at - 9 * DAY if held.confirmed else None,
    }
    scope: Any = None
    if held.where:
        scope = rows.project(held.where) if held.where in world.projects else rows.protocol(held.where)
    if held.role not in ROLES:  # one single action
        fields["permission"] = held.role
    grant = rows.grant(
        user, held.role if held.role in ROLES else "", scope, *sorted(held.whose or ()), **fields
    )
    Grant.objects.filter(pk=grant.pk).update(every_institution=held.whose is None)


def build_scopes(rows: ProtocolRows, world: World) -> None:
    """Protocols with centres, projects with what they may reuse."""
    for name, (status, readable) in world.protocols.items():
        protocol = rows.protocol(name)
        values = {"status": status, "readable_until": rows.at + readable * DAY if readable else None}
        type(protocol).objects.filter(pk=protocol.pk).update(
            **values, closed_at=rows.at - DAY if status == "closed" else None
        )
    for name, code in sorted(world.centres):
        rows.centre(rows.protocol(name), code)
    for name in world.projects:
        rows.project(name)


def build_reuses(rows: ProtocolRows, world: World, plans: dict[str, PlanSet]) -> None:
    """What projects may read; to be called once their rows are there."""
    for reuse in world.reuses:
        project, protocol = rows.project(reuse.project), rows.protocol(reuse.protocol)
        request = rows.reuse(
            project,
            protocol,
            see=reuse.see,
            take_out=reuse.out,
            since=rows.at + reuse.since * DAY,
            until=rows.at + reuse.until * DAY,
            decided_at=rows.at - 9 * DAY,
            listed=reuse.listed is not None,
        )
        ReuseRequest.objects.filter(pk=request.pk).update(
            state=reuse.state, every_institution=reuse.whose is None
        )
        if reuse.state == "approved":
            Disclosure.objects.create(request=request, patients=0, objects_count=0, began_at=request.since)
        request.institutions.set([rows.institution(code) for code in sorted(reuse.whose or ())])
        files = [plans[row].patient_file_id for row in reuse.listed or ()]
        for member in Membership.objects.filter(protocol=protocol, patient_file__in=files):
            ProjectItem.objects.get_or_create(
                project=project, membership=member, defaults={"added_at": rows.at - 20 * DAY}
            )
