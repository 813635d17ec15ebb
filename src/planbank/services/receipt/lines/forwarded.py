"""Where the plan set was passed on to, and what did not go (R91, R92)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from django.utils.translation import gettext as _

from planbank.delivery.models import Forward
from planbank.delivery.progress import progress_of
from planbank.services.receipt.lines.line import About, Line, Said

CODES = frozenset({"forwarded", "forward-problem", "forward-held"})


def lines(about: About) -> Iterator[Line]:
    """One a destination and protocol; delivered as a whole is worth a mail by itself (model.md)."""
    rows = Forward.objects.filter(
        patient_file=about.plan_set.patient_file_id, subject_uid=about.plan_set.sop_instance_uid
    ).exclude(state=Forward.State.CANCELLED)
    found = list(rows.select_related("destination", "protocol").order_by("asked_at", "pk"))
    so_far = progress_of([row.pk for row in found])
    for row in found:
        params = {"destination": row.destination.name, "protocol": row.protocol.short_name}
        name = f"{row.destination.name} {row.protocol.short_name}"
        if row.state == Forward.State.HELD:
            yield Line("info", "forward-held", params, name)
        elif row.ended_at is not None:
            yield Line("ok", "forwarded", params | {"objects": row.told_count}, name, tell=True)
        elif row.told_failed and row.pk in so_far:
            yield Line("bad", "forward-problem", params | {"objects": so_far[row.pk].problems}, name)


def say(code: str, params: Mapping[str, Any]) -> Said:
    """Where to, under which protocol, how much."""
    if code == "forwarded":
        text = _("%(objects)s objects delivered, under %(protocol)s.")
        return Said(_("Passed on to %(destination)s") % params, text % params)
    if code == "forward-held":
        text = _("It waits for one click of a key user of %(protocol)s.")
        return Said(_("Not passed on to %(destination)s yet") % params, text % params)
    text = _("%(objects)s objects did not go. They are kept; the key users of %(protocol)s were told.")
    return Said(_("Not all was passed on to %(destination)s") % params, text % params)
