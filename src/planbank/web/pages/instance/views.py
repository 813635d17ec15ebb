"""One object.

Comes in: its number. Goes out: what its header says, every version this institution sent, how it
came, what became of it and what is odd. Each view is journalled (R116).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from planbank.catalogue.models import Instance, Submission
from planbank.catalogue.queries import objects
from planbank.dicom.headers import DEFAULT_TAGS
from planbank.pipeline.registry import SERVICES
from planbank.web.lists import words
from planbank.web.pages import house_of, page
from planbank.web.pages.patients.findings import findings_on
from planbank.web.reach import note_view, one_of, ours

ARRIVALS = 25


@dataclass(frozen=True)
class VersionRow:
    """A version in words."""

    seen: objects.VersionSeen
    short_hash: str
    syntax: str
    relation: str


@dataclass(frozen=True)
class WorkRow:
    """What one service made of the current version."""

    title: str
    state: str
    word: str
    reason: str
    finished_at: datetime | None


@page("instances/<int:pk>/", name="instance", action="data.identity")
def instance(request: HttpRequest, pk: int) -> HttpResponse:
    """One object: header values, versions, arrivals, outcomes, findings."""
    related = ("current_version", "series__study__patient_file__institution")
    here = one_of(request, Instance, pk, *related, action="data.identity")
    file = here.series.study.patient_file
    note_view(request, file, here, instance=here.pk)
    version = here.current_version
    versions = objects.versions_of(here)
    came = ours(request, Submission).filter(instance=here).order_by("-received_at", "-pk")
    context = {
        "now": house_of(request).clock.now(),
        "instance": here,
        "current": version,
        "kind": words.kind_of_object(version.sop_class_uid),
        "syntax": words.syntax_name(version.transfer_syntax_uid),
        "series": here.series,
        "file": file,
        "name": words.person(file.name),
        "headers": _headers(version.headers),
        "versions": [_version_row(seen) for seen in versions],
        "found": Paginator(came, ARRIVALS).get_page(request.GET.get("page")),
        "work": _work(version.pk, _current_since(versions, here)),
        "findings": findings_on(here),
    }
    context["arrivals"] = [(row, words.relation_word(row.relation)) for row in context["found"]]
    return render(request, "instance/page.html", context)


def _headers(headers: Any) -> list[tuple[str, str]] | None:
    """What analyse left, in the order of the Standard; None where it has not been here yet."""
    if not isinstance(headers, dict):
        return None
    places = {name: n for n, name in enumerate(DEFAULT_TAGS.values())}
    in_order = sorted(headers, key=lambda name: (places.get(name, len(places)), name))
    return [(words.header_name(name), _value(headers[name])) for name in in_order]


def _value(value: Any) -> str:
    if isinstance(value, list):
        return "\\".join(str(part) for part in value)
    return str(value)


def _version_row(seen: objects.VersionSeen) -> VersionRow:
    version = seen.version
    return VersionRow(
        seen,
        version.content_hash[:12],
        words.syntax_name(version.transfer_syntax_uid),
        words.relation_word(seen.relation),
    )


def _current_since(versions: list[objects.VersionSeen], here: Instance) -> datetime:
    return next((v.first_received_at for v in versions if v.is_current), here.first_received_at)


def _work(version_id: int, sent_at: datetime) -> list[WorkRow]:
    """Outcomes of the current version. The bytes may have come from elsewhere earlier: a time before
    this institution sent them would tell that, and is left out (model.md, Tenancy)."""
    rows = []
    for outcome in objects.outcomes_of([version_id])[version_id]:
        state, word = words.work_state(outcome.state)
        finished = outcome.finished_at
        shown = finished if finished and finished >= sent_at else None
        rows.append(WorkRow(SERVICES[outcome.service].title, state, word, outcome.reason, shown))
    return rows
