"""What every page of constraints needs: the protocol, the desk, who may change."""

from __future__ import annotations

from typing import Any

from django.http import Http404, HttpRequest

from planbank.access.policy import may
from planbank.access.scopes import Scope
from planbank.naming.queries.desk import Desk
from planbank.protocols.levels import See
from planbank.protocols.models import Protocol
from planbank.web.acting import act_of, user_of
from planbank.web.pages.protocols.tabs import tabs_of
from planbank.web.reach import reader_of

PATH = "protocols/<int:protocol>/constraints/"


def desk_of(request: HttpRequest, protocol: int, action: str = "data.statistics") -> Desk:
    """The protocol on the desk of the person of the request."""
    found = Protocol.objects.filter(pk=protocol).first()
    if found is None:
        raise Http404
    return Desk(reader_of(request), found, action=action)


def protocol_of(desk: Desk) -> Protocol:
    """Whose constraints these are; projects have none."""
    if not isinstance(desk.owner, Protocol):
        raise Http404
    return desk.owner


def can(request: HttpRequest, desk: Desk, action: str) -> bool:
    """Whether this person may do `action` in the protocol."""
    return bool(may(user_of(request), action, act_of(request).at, Scope.of(desk.owner)))


def only_summary(desk: Desk) -> bool:
    """Whether some of the rows are seen as summary only: then all are treated so."""
    return desk.plan_sets.filter(seen_as__lt=See.PSEUDONYMISED).exists()


def context_of(request: HttpRequest, desk: Desk, **more: Any) -> dict[str, Any]:
    """The context all of these pages share."""
    return {
        "protocol": desk.owner,
        "can_edit": can(request, desk, "dictionary.edit"),
        "tabs": tabs_of(request, desk.owner.pk, "constraints"),
        **more,
    }
