"""What the gate refused lately, for whoever runs the senders (model.md: every refusal is an event).

Comes in: events that register wrote. Goes out: rows of time, sender, class, status and reason.
Nothing here has seen the content of an object.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.db.models import Q
from django.db.models.fields.json import KT
from django.utils.translation import gettext as _

from planbank.messages.models import Event, EventKind
from planbank.web.lists.words import kind_of_object
from planbank.web.pages.senders.activity import LOOKED_BACK
from planbank.web.pages.senders.echo import allowed

if TYPE_CHECKING:
    from datetime import datetime

    from django.db.models import QuerySet

    from planbank.people.models import Sender

MOST = 200  # events looked through for one sender


@dataclass(frozen=True)
class Refused:
    """One refusal as a row."""

    at: datetime
    institution: str
    calling_ae: str
    address: str
    kind: str
    status: str
    reason: str

    @classmethod
    def of(cls, event: Event) -> Refused:
        said = {
            name: str(event.params.get(name, "")) for name in ("calling_ae", "address", "status", "reason")
        }
        kind = kind_of_object(str(event.params.get("sop_class_uid", "")))
        return cls(event.at, event.institution.code if event.institution else "", kind=kind, **said)


def refused(now: datetime, search: str = "") -> QuerySet[Event]:
    """All of the last 30 days, newest first; `search` is literal text in AE title or address."""
    rows = Event.objects.filter(kind=EventKind.REFUSED, at__gte=now - LOOKED_BACK)
    rows = rows.annotate(name=KT("params__calling_ae"), address=KT("params__address"))
    if search:
        rows = rows.filter(Q(name__icontains=search) | Q(address__icontains=search))
    return rows.select_related("institution").order_by("-at", "-id")


def refused_of(sender: Sender, now: datetime) -> list[Event]:
    """Those of one sender: under its name, or before a name was given, from its network; newest first."""
    rows = refused(now).filter(name__in=[sender.ae_title, ""])[:MOST]
    return [event for event in rows if allowed(str(event.params.get("address", "")), sender.network)]


def refusal_heads() -> list[str]:
    """The head of the CSV."""
    return [
        *(_("When"), _("Institution"), _("AE title"), _("Address"), _("Kind"), _("SOP class"), _("Status")),
        _("Reason"),
    ]


def refusal_line(event: Event) -> list[Any]:
    """One line of the CSV."""
    row = Refused.of(event)
    return [
        *(row.at, row.institution, row.calling_ae, row.address, row.kind),
        *(str(event.params.get("sop_class_uid", "")), row.status, row.reason),
    ]
