"""The grey picture itself; the lines over it are part of the plan's page."""

from __future__ import annotations

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404

from planbank.access.policy import visible
from planbank.catalogue.models import PlanSet
from planbank.errors import ObjectMissing
from planbank.web.pages import house_of, page


@page("plans/<int:pk>/slice.png", name="plan-slice", action="data.view")
def slice_png(request: HttpRequest, pk: int) -> HttpResponse:
    """The image of the middle slice of a plan set."""
    house = house_of(request)
    mine = visible(
        request.user,
        "data.view",
        PlanSet.objects.select_related("bundle"),
        institution="patient_file__institution",
        at=house.clock.now(),
    )
    plan_set = get_object_or_404(mine, pk=pk, bundle__isnull=False)
    try:
        with house.store.open(plan_set.bundle.picture_key) as stream:
            return HttpResponse(stream.read(), content_type="image/png")
    except ObjectMissing as exc:
        raise Http404 from exc
