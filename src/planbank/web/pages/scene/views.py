"""The bundle of a plan set: its description, and its parts range by range.

Comes in: a plan set's number. Goes out: JSON and bytes. Each is asked of the policy anew, hidden and absent
answer alike, and nothing is kept by a browser. One opening is one entry in the journal (R116).
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any, BinaryIO

from django.http import (
    Http404,
    HttpRequest,
    HttpResponse,
    HttpResponseBase,
    JsonResponse,
    StreamingHttpResponse,
)
from django.utils.translation import gettext as _

from planbank.catalogue.models import PlanSet, Scene, ScenePart
from planbank.errors import ObjectMissing
from planbank.house import House
from planbank.pipeline.models import State
from planbank.protocols.isodoses import MOST, checked, keep, kept
from planbank.services.scene import ask, is_whole
from planbank.web.acting import user_of
from planbank.web.pages import house_of, page
from planbank.web.pages.plan.sheet import Asked, Sheet
from planbank.web.pages.scene.bundles import description
from planbank.web.pages.scene.document import document_of
from planbank.web.pages.scene.observers import asked_in, overlay_of, put_over
from planbank.web.ranges import Unsatisfiable, byte_range
from planbank.web.reach import note, one_of, through, unveil_labels

PORTION = 2**18
"""Bytes that are read at once."""

AT_ONCE = 2**23
"""Bytes that are sent as one answer."""


@page("plans/<int:pk>/scene/", name="scene", action="data.view")
def scene(request: HttpRequest, pk: int) -> HttpResponse:
    """What the viewer draws; where it is not there yet it is asked for, and the answer says so."""
    house = house_of(request)
    plan_set = one_of(request, PlanSet, pk, "patient_file__institution")
    unveil_labels([plan_set])
    row = Scene.objects.filter(plan_set=plan_set).first()
    about = description(house, row) if row is not None and is_whole(house, row) else None
    if row is None or about is None:
        return JsonResponse(_awaited(house, plan_set))
    note(
        request,
        "open viewer",
        object_kind="plan set",
        object_id=pk,
        institution=plan_set.patient_file.institution.code,
        protocol=through(plan_set),
    )
    Scene.objects.filter(pk=row.pk).update(opened_at=house.clock.now())
    mine = kept(user_of(request), _protocol(plan_set))
    document = document_of(Sheet(plan_set, Asked()), about, row.digest, mine)
    if asked := request.GET.get("audit", ""):
        if (drawn := overlay_of(request, plan_set, asked)) is None:
            raise Http404
        put_over(document, about["frames"], drawn)
    return JsonResponse(document)


@page("plans/<int:pk>/isodoses/", name="plan-isodoses", action="data.view")
def isodoses(request: HttpRequest, pk: int) -> HttpResponse:
    """Keep one's own levels (Gy or %) for the protocol that the plan is seen through; none forgets them."""
    plan_set = one_of(request, PlanSet, pk)
    try:
        given = json.loads(request.body)
        values, unit = checked(given.get("own"), given.get("unit", "Gy"))
    except (ValueError, AttributeError):
        why = _("Levels are at most %(n)s numbers above 0, in Gy or %% of the prescription.") % {"n": MOST}
        return JsonResponse({"saved": False, "why": why}, status=400)
    keep(user_of(request), _protocol(plan_set), values, unit)
    return JsonResponse({"saved": True, "own": values, "unit": unit})


def _protocol(plan_set: PlanSet) -> int | None:
    """The protocol that a plan set is seen through."""
    return getattr(plan_set, "seen_through", None)


@page("plans/<int:pk>/scene/<slug:digest>/<str:part>/", name="scene-part", action="data.view")
def scene_part(request: HttpRequest, pk: int, digest: str, part: str) -> HttpResponseBase:
    """The bytes of one part, or a range of them."""
    house = house_of(request)
    plan_set = one_of(request, PlanSet, pk)
    if asked := asked_in(part):
        if (drawn := overlay_of(request, plan_set, asked)) is None:
            raise Http404
        return HttpResponse(bytes(drawn.blob), content_type="application/octet-stream")
    row = ScenePart.objects.filter(scene__plan_set=pk, scene__digest=digest, name=part).first()
    if row is None or not part.endswith(".bin"):
        raise Http404
    try:
        size = house.store.size(row.key)
        asked = byte_range(request.headers.get("Range", ""), size)
        stream = house.store.open(row.key)
    except ObjectMissing as exc:
        raise Http404 from exc
    except Unsatisfiable:
        return HttpResponse(status=416, headers={"Content-Range": f"bytes */{size}"})
    first, last = asked or (0, size - 1)
    answer = _answer(_read(stream, first, last), last - first + 1)
    answer.headers["Accept-Ranges"] = "bytes"
    answer.headers["Content-Length"] = str(last - first + 1)
    if asked:
        answer.status_code = 206
        answer.headers["Content-Range"] = f"bytes {first}-{last}/{size}"
    return answer


def _answer(pieces: Iterator[bytes], size: int) -> HttpResponseBase:
    """Long answers go out in portions, and the policy is asked anew while they do."""
    if size <= AT_ONCE:
        return HttpResponse(b"".join(pieces), content_type="application/octet-stream")
    return StreamingHttpResponse(pieces, content_type="application/octet-stream")


def _read(stream: BinaryIO, first: int, last: int) -> Iterator[bytes]:
    with stream:
        stream.seek(first)
        left = last - first + 1
        while left > 0 and (data := stream.read(min(PORTION, left))):
            left -= len(data)
            yield data


def _awaited(house: House, plan_set: PlanSet) -> dict[str, Any]:
    """That it is being made, or why it cannot be."""
    outcome = ask(plan_set, house.clock.now())
    answer = {"format": 1, "digest": "", "ready": False, "progress": ""}
    if outcome is not None and outcome.state == State.FAILED:
        return {**answer, "why": outcome.reason, "failed": True}
    if outcome is not None and outcome.state == State.WAITING:
        return {**answer, "why": _("Nothing that could be drawn has come yet."), "failed": True}
    return {
        **answer,
        "why": _("The images, structures and doses are being prepared. This is done once."),
        "progress": _("Being prepared") if outcome is not None and outcome.started_at else _("In the queue"),
        "failed": False,
    }
