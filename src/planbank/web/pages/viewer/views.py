"""The viewer of one plan set: the page alone, without data of the plan but its name (R97, R98).

Comes in: its number, `with=` that of another plan of the same patient. Goes out: a page whose modules fetch
the bundle; each fetch is asked of the policy by itself and journalled there (R116).
"""

from __future__ import annotations

from pathlib import Path

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

import planbank.web
from planbank.catalogue.models import PlanSet
from planbank.web.pages import page
from planbank.web.pages.plans.words import label
from planbank.web.pages.viewer import words
from planbank.web.reach import mine, one_of, unveil_labels

MODULES = tuple(
    sorted(path.name for path in (Path(planbank.web.__file__).parent / "static/js/viewer").glob("*.js"))
)
"""Named in the page, so that a browser fetches them all at once and not one after another."""

MOST_OTHERS = 50


@page("plans/<int:pk>/viewer/", name="viewer", action="data.view")
def viewer(request: HttpRequest, pk: int) -> HttpResponse:
    """The page; a plan that cannot be drawn says so in it."""
    plan_set = one_of(request, PlanSet, pk, "patient_file__institution")
    beside = mine(request, PlanSet).filter(patient_file=plan_set.patient_file_id).exclude(pk=pk)
    others = list(beside.order_by("-last_received_at")[:MOST_OTHERS])
    unveil_labels([plan_set, *others])
    return render(
        request,
        "viewer/page.html",
        {
            "plan_set": plan_set,
            "label": label(plan_set),
            "file": plan_set.patient_file,
            "others": [(row.pk, label(row)) for row in others],
            "words": words.words(),
            "keys": words.keys(),
            "planes": words.planes(),
            "with": request.GET.get("with", ""),
            "modules": [f"js/viewer/{name}" for name in MODULES if name not in ("main.js", "worker.js")],
        },
    )
