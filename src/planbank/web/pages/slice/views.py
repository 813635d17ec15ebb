"""The grey picture itself; the lines over it are part of the plan's page."""

from __future__ import annotations

from django.http import Http404, HttpRequest, HttpResponse

from planbank.catalogue.models import PlanSet
from planbank.errors import ObjectMissing
from planbank.web.pages import house_of, page
from planbank.web.reach import one_of


@page("plans/<int:pk>/slice.png", name="plan-slice", action="data.view")
def slice_png(request: HttpRequest, pk: int) -> HttpResponse:
    """The image of the middle slice of a plan set."""
    house = house_of(request)
    plan_set = one_of(request, PlanSet, pk, "patient_file", "bundle")
    if not hasattr(plan_set, "bundle"):
        raise Http404
    try:
        with house.store.open(plan_set.bundle.picture_key) as stream:
            return HttpResponse(stream.read(), content_type="image/png")
    except ObjectMissing as exc:
        raise Http404 from exc
