"""Collaboration projects: the list, one, its record, its life (R38, R207).

Comes in: filters, forms. Goes out: pages with counts; changes through protocols/actions/projecting.py,
each with the revision its editor saw. What the project lists is in `items.py`.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.db.models import Count, Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from planbank.access.listing import projects_seen
from planbank.access.policy import may
from planbank.access.queries.holders import key_users
from planbank.access.scopes import Scope
from planbank.errors import ChangedMeanwhile
from planbank.protocols.actions import projecting
from planbank.protocols.models import Project, ReuseRequest
from planbank.web.acting import act_of, user_of
from planbank.web.lists.listing import drops, without
from planbank.web.lists.sheet import as_csv, wants_csv
from planbank.web.pages import Menu, house_of, page
from planbank.web.pages.projects import items
from planbank.web.pages.projects.forms import ProjectFilters, ProjectForm
from planbank.web.pages.protocols.life import MEANWHILE, step
from planbank.web.pages.protocols.tabs import tabs_in

_SHOWN = Menu("research", gettext_lazy("Projects"), "grid", 20)
_APPROVED = Q(reuse__state=ReuseRequest.State.APPROVED)


@page("projects/", name="projects", action="project.view", menu=_SHOWN)
def projects(request: HttpRequest) -> HttpResponse:
    """The projects whose record I may see."""
    now, user = house_of(request).clock.now(), user_of(request)
    filters = ProjectFilters(request.GET)

    def found(given: dict[str, Any]) -> QuerySet[Project]:
        return _narrowed(projects_seen(user, now), given)

    rows = found(filters.given()).annotate(
        protocols=Count("reuse__protocol", filter=_APPROVED, distinct=True)
    )
    if wants_csv(request):
        return as_csv(_("projects"), _heads(), map(_line, rows))
    context: dict[str, Any] = {
        "filters": filters,
        "given": filters.given(),
        "rows": list(rows),
        "all_url": without(request, *filters.fields),
        "may_create": may(user, "project.create", now),
        "now": now,
    }
    if not context["rows"] and filters.given():
        context["drops"] = drops(request, filters, found)
    return render(request, "projects/list.html", context)


@page("projects/new/", name="project-new", action="project.create")
def new(request: HttpRequest) -> HttpResponse:
    """Make a project: a draft."""
    form = ProjectForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        row = projecting.create(act_of(request), **form.values())
        messages.success(request, _("%(project)s is a draft now.") % {"project": row.short_name})
        return redirect("project", row.pk)
    return render(request, "projects/edit.html", {"form": form, "project": None})


@page("projects/<int:project>/", name="project", action="project.view", scope="project")
def one(request: HttpRequest, project: int) -> HttpResponse:
    """One project: what it may see of which protocols, its list, its people."""
    now, user, scope = house_of(request).clock.now(), user_of(request), Scope("project", project)
    row = get_object_or_404(Project, pk=project)
    can = {
        name.replace(".", "_"): bool(may(user, name, now, scope))
        for name in ("project.edit", "project.close", "grant.view", "grant.give", "reuse.ask")
    }
    context = {
        "project": row,
        "can": can,
        "over": row.ends_at <= now,
        "reuse": row.reuse.select_related("protocol", "disclosure").order_by("-asked_at"),
        "missing": projecting.missing(row, now) if row.status != Project.Status.ACTIVE else [],
        "key_users": key_users(scope, now).order_by("name"),
        "listed": items.summary(row, user, now),
        "tabs": tabs_in(request, scope, "project"),
        "now": now,
    }
    return render(request, "projects/one.html", context)


@page("projects/<int:project>/edit/", name="project-edit", action="project.edit", scope="project")
def edit(request: HttpRequest, project: int) -> HttpResponse:
    """Change a project's record."""
    row = get_object_or_404(Project, pk=project)
    form = ProjectForm(request.POST or None, instance=row, initial={"seen": row.revision})
    if request.method == "POST" and form.is_valid():
        try:
            projecting.change(act_of(request), row, form.cleaned_data["seen"] or 0, **form.values())
        except ChangedMeanwhile:
            form.add_error(None, str(MEANWHILE))
        except ValidationError as exc:
            form.add_error(None, exc)
        else:
            messages.success(request, _("Saved."))
            return redirect("project", row.pk)
    shown = get_object_or_404(Project, pk=project)
    return render(request, "projects/edit.html", {"form": form, "project": shown})


@page("projects/<int:project>/activate/", name="project-activate", action="project.edit", scope="project")
def activate(request: HttpRequest, project: int) -> HttpResponse:
    """Let a project see what was approved for it."""
    return _step(request, project, "activate")


@page("projects/<int:project>/close/", name="project-close", action="project.close", scope="project")
def close(request: HttpRequest, project: int) -> HttpResponse:
    """Close a project, with a reason: all that was disclosed to it ends."""
    return _step(request, project, "close")


def _step(request: HttpRequest, pk: int, verb: str) -> HttpResponse:
    row = get_object_or_404(Project, pk=pk)
    approved = row.reuse.filter(state=ReuseRequest.State.APPROVED).count()
    return step(request, row, projecting, verb, approved=approved)


def _narrowed(rows: QuerySet[Project], given: dict[str, Any]) -> QuerySet[Project]:
    if "status" in given:
        rows = rows.filter(status=given["status"])
    if text := given.get("q"):
        rows = rows.filter(Q(short_name__icontains=text) | Q(title__icontains=text))
    return rows.order_by("short_name")


def _heads() -> list[str]:
    return [
        *(_("Short name"), _("Title"), _("Who receives"), _("Protocols"), _("First day"), _("Ends")),
        _("Status"),
    ]


def _line(row: Any) -> Iterable[Any]:
    return (
        *(row.short_name, row.title, row.recipient, row.protocols, row.starts_at, row.ends_at),
        row.get_status_display(),
    )
