"""What the observers of an audit drew, over the images of the plan that their case was made of (R112).

Comes in: a plan set as its reader may see it, the case that the address names. Goes out: the structures of
its overlay in place of the plan's own. Only who collects returns in the protocol of the study gets one; for
all others, and for a case of another plan, there is none.
"""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest

from planbank.access.policy import may
from planbank.access.scopes import Scope
from planbank.audits.models import Overlay
from planbank.catalogue.models import PlanSet
from planbank.web.pages import house_of

PART = "audit-{}.bin"


def overlay_of(request: HttpRequest, plan_set: PlanSet, asked: str) -> Overlay | None:
    """The overlay of the case with this number."""
    if not (asked.isascii() and asked.isdigit() and len(asked) < 13):
        return None
    rows = Overlay.objects.select_related("case__study").filter(case=int(asked))
    row = rows.filter(
        case__patient_file=plan_set.patient_file_id, case__plan_set_uid=plan_set.sop_instance_uid
    ).first()
    if row is None:
        return None
    scope = Scope("protocol", row.case.study.protocol_id)
    return row if may(request.user, "audit.collect", house_of(request).clock.now(), scope) else None


def put_over(document: dict[str, Any], frames: dict[str, str], row: Overlay) -> None:
    """The structures of the observers instead of the plan's own; its DVHs are of those, and go with them."""
    names = {mark: name for name, mark in frames.items()}
    rois = []
    for one in row.about["rois"]:
        observer, kind = row.names[str(one["number"])]
        more = {"name": f"{observer} {kind}", "type": None, "dvh": False, "volume_cc": None}
        rois.append({**one, **more})
    document["structures"] = [
        {
            **row.about,
            "key": "s0",
            "frame": names.get(row.frame, ""),
            "label": row.case.study.name,
            "id": None,
            "part": PART.format(row.case_id),
            "rois": rois,
        }
    ]
    document["dvh"] = []


def asked_in(part: str) -> str:
    """The case that a part's name is of; '' for parts of the bundle."""
    first, last = PART.split("{}")
    return part.removeprefix(first).removesuffix(last) if part.startswith(first) else ""
