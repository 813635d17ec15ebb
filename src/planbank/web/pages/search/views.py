"""The box at the top of each page.

Comes in: words. Goes out: the first patients and plans of my institutions that they fit, each
list with a way to all of them. A single hit is opened at once.
"""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render

from planbank.access.policy import visible
from planbank.catalogue.models import PatientFile, PlanSet
from planbank.catalogue.queries import patients, plan_sets
from planbank.web.lists.words import person
from planbank.web.pages import house_of, page

SHOWN = 10


@page("search/", name="search", action="data.view")
def search(request: HttpRequest) -> HttpResponse:
    """Patients and plans that fit the words."""
    words = request.GET.get("q", "").strip()[:200]
    at = house_of(request).clock.now()
    files: list[PatientFile] = []
    sets: list[PlanSet] = []
    if words:
        mine = visible(request.user, "data.view", PatientFile.objects.all(), institution="institution", at=at)
        files = list(
            patients.search(mine.select_related("institution"), words).order_by("-last_received_at", "-pk")[
                : SHOWN + 1
            ]
        )
        lookup = "patient_file__institution"
        ours = visible(request.user, "data.view", PlanSet.objects.all(), institution=lookup, at=at)
        sets = list(
            plan_sets.search(ours.select_related("patient_file__institution"), words).order_by(
                "-last_received_at", "-pk"
            )[: SHOWN + 1]
        )
        if len(files) == 1 and len({one.patient_file_id for one in sets} - {files[0].pk}) == 0:
            return redirect("patient", files[0].pk)
        if not files and len(sets) == 1:
            return redirect("plan", sets[0].pk)
    context = {
        "search_words": words,
        "files": [(one, person(one.name)) for one in files[:SHOWN]],
        "more_files": len(files) > SHOWN,
        "plan_sets": [(one, person(one.patient_file.name)) for one in sets[:SHOWN]],
        "more_plan_sets": len(sets) > SHOWN,
    }
    return render(request, "search/page.html", context)
