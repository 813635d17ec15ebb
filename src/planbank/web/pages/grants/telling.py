"""Who was told that a permission ends: when, and by which way.

Comes in: grants that lapse soon. Goes out: for each the last time its holder was told of this end.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from django.db.models import F

from planbank.access.models import Grant
from planbank.access.queries.holders import REMINDED, lapsing_key
from planbank.messages.models import Channel, Notice, Telling


@dataclass(frozen=True)
class Told:
    """`by` is what people call the way; empty for a notice on the site alone."""

    at: datetime
    by: str = ""


def told(grants: Iterable[Grant]) -> dict[int, Told]:
    """By the number of the grant; two queries for all of them. Absent: nobody was told yet."""
    keys = {lapsing_key(grant, days): grant.pk for grant in grants for days in REMINDED}
    own = {"event__key__in": keys, "user": F("event__user")}
    notices = Notice.objects.filter(**own).order_by("made_at")
    found = {keys[key]: Told(at) for key, at in notices.values_list("event__key", "made_at")}
    sent = Telling.objects.filter(
        notice__event__key__in=keys, user=F("notice__event__user"), told_at__isnull=False
    )
    rows = sent.order_by("told_at").values_list("notice__event__key", "told_at", "channel")
    return found | {keys[key]: Told(at, str(Channel(way).label)) for key, at, way in rows if at is not None}
