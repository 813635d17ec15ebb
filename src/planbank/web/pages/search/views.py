"""The box at the top of each page.

Comes in: words. Goes out: the first patients and plans of my institutions that they fit, each
list with a way to all of them. A single hit is opened at once.
"""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render

from planbank.catalogue.models import PatientFile, PlanSet
from planbank.catalogue.queries import patients, plan_sets
from planbank.web.lists.words import person
from planbank.web.pages import page
from planbank.web.reach import mine, unveil_labels, words_allowed

SHOWN = 10


@page("search/", name="search", action="data.view")
def search(request: HttpRequest) -> HttpResponse:
    """Patients and plans that fit the words."""
    words = request.GET.get("q", "").strip()[:200]
    files: list[PatientFile] = []
    sets: list[PlanSet] = []
    if words:
        allowed = words_allowed(request)
        found = patients.search(mine(request, PatientFile).select_related("institution"), words, **allowed)
        files = list(found.order_by("-last_received_at", "-pk")[: SHOWN + 1])
        every = mine(request, PlanSet).select_related("patient_file__institution")
        plans = plan_sets.search(every, words, **allowed)
        sets = list(plans.order_by("-last_received_at", "-pk")[: SHOWN + 1])
        unveil_labels(sets)
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
