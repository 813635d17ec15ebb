"""Two plans of one patient compared: the difference of their doses (R101).

Comes in: two plan sets' numbers and, if wished, which dose of each. Goes out: a dose in the form of the
bundle, made at once and kept nowhere; or in words why there is none. The policy is asked for both.
"""

from __future__ import annotations

import json
from typing import Any

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.utils.translation import gettext as _

from planbank.catalogue.models import PlanSet, Scene
from planbank.errors import ObjectMissing
from planbank.web.pages import house_of, page
from planbank.web.pages.scene.bundles import Opened
from planbank.web.reach import note, one_of, through


@page("plans/<int:pk>/difference/<int:other>/", name="scene-difference", action="data.view")
def difference(request: HttpRequest, pk: int, other: int) -> HttpResponse:
    """First minus second: a length (4 bytes, little-endian), so much JSON, then the blob."""
    rows = [one_of(request, PlanSet, number, "patient_file__institution") for number in (pk, other)]
    opened = [_opened(request, row) for row in rows]
    why = _why_not(rows, opened)
    if why:
        return JsonResponse({"ready": False, "why": why})
    first, second = (one for one in opened if one is not None)
    doses = _chosen(first, request.GET.get("dose", "")), _chosen(second, request.GET.get("other", ""))
    if doses[0] is None or doses[1] is None:
        return JsonResponse({"ready": False, "why": _("One of the two plans has no dose.")})
    if not _same_frame(first, doses[0], second, doses[1]):
        return JsonResponse({"ready": False, "why": _("The doses lie on different frames of reference.")})
    # Loaded by who compares: no other page waits for the compiled numerics.
    from planbank.scene.bundle.difference import difference as made

    try:
        about, blob = made(first.dose(doses[0]), second.dose(doses[1]))
    except ObjectMissing:
        return JsonResponse({"ready": False, "why": _("A part of the plan is missing. Open it again.")})
    for row in rows:
        what = {"object_kind": "plan set", "object_id": row.pk}
        code = row.patient_file.institution.code
        note(request, "compare doses", institution=code, protocol=through(row), **what)
    about |= {"key": f"difference-{pk}-{other}", "frame": doses[0]["frame"], "label": _("Difference")}
    head = json.dumps({"ready": True, "dose": about}).encode()
    return HttpResponse(
        len(head).to_bytes(4, "little") + head + blob, content_type="application/octet-stream"
    )


def _opened(request: HttpRequest, plan_set: PlanSet) -> Opened | None:
    row = Scene.objects.filter(plan_set=plan_set).exclude(digest="").first()
    return Opened.of(house_of(request), row) if row else None


def _why_not(rows: list[PlanSet], opened: list[Opened | None]) -> str:
    """'' where they can be compared."""
    files = [row.patient_file for row in rows]
    same = files[0].pk == files[1].pk or (
        files[0].patient_id is not None and files[0].patient_id == files[1].patient_id
    )
    if not same:
        return _("The two plans are of different patients.")
    if None in opened:
        return _("One of the two plans is not prepared yet. Open it first.")
    return ""


def _chosen(opened: Opened, key: str) -> dict[str, Any] | None:
    """The dose that was asked for, else the first: the one that DVHs are taken from."""
    doses = opened.about["doses"]
    return opened.one("doses", key) or (doses[0] if doses else None)


def _same_frame(first: Opened, one: dict[str, Any], second: Opened, two: dict[str, Any]) -> bool:
    """A frame that neither names is none that could be compared."""
    mark = first.about["frames"][one["frame"]]
    return bool(mark) and mark == second.about["frames"][two["frame"]]
