"""The protocols that the plan set stands in, and what put it there."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from django.utils.translation import gettext as _

from planbank.protocols.models import Membership
from planbank.services.receipt.lines.line import About, Line, Said

CODES = frozenset({"filed"})
BY_TRIGGER = "trigger "


def lines(about: About) -> Iterator[Line]:
    """One a protocol."""
    rows = Membership.objects.in_force().filter(
        patient_file=about.plan_set.patient_file_id, sop_instance_uid=about.plan_set.sop_instance_uid
    )
    for name, via in rows.order_by("protocol__short_name").values_list("protocol__short_name", "via"):
        trigger = via.removeprefix(BY_TRIGGER) if via.startswith(BY_TRIGGER) else ""
        yield Line("ok", "filed", {"protocol": name, "trigger": trigger}, name)


def say(code: str, params: Mapping[str, Any]) -> Said:
    """'Filed in BREAST-PROTON'."""
    title = _("Filed in %(protocol)s") % {"protocol": params["protocol"]}
    if not params.get("trigger"):
        return Said(title)
    text = _("The trigger %(name)s did it. You need not sign in.") % {"name": params["trigger"]}
    return Said(title, text)
