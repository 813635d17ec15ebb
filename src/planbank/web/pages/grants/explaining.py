"""What somebody sees and why; who sees a patient (R53).

Comes in: a person and a protocol or project, or a patient. Goes out: counts by centre, reasons, people. Each
question is journalled. Who answers for one protocol learns nothing of another.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.db.models import Q
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from planbank.access.actions import ACTIONS
from planbank.access.explain import Step, explain, who_can_see
from planbank.access.models import Grant
from planbank.access.queries.given import grants_seen
from planbank.access.scopes import PATIENT_FILES, Scope
from planbank.access.sight import sight
from planbank.access.standing import standing_of
from planbank.catalogue.models import Patient, PatientFile
from planbank.people.models import Affiliation, Institution, User
from planbank.protocols.models import Enrolment, Membership, Participant, Participation, Project, Protocol
from planbank.web.acting import user_of
from planbank.web.pages import house_of, page
from planbank.web.pages.grants import words
from planbank.web.pages.grants.asking import how_far
from planbank.web.pages.grants.forms import WhoForm
from planbank.web.reach import note, one_of

# What is asked about a person, in this order.
ASKED = ("data.view", "data.identity", "export.csv", "export.dicom", "export.raw", "data.add")
NO_EMERGENCY = gettext_lazy("There is no emergency access that goes round this.")


@page(
    "protocols/<int:protocol>/people/<int:pk>/",
    name="protocol-person",
    action="access.explain",
    scope="protocol",
)
def in_protocol(request: HttpRequest, protocol: int, pk: int) -> HttpResponse:
    """What a person sees in a protocol and why."""
    return _person(request, _there(Protocol, protocol), pk)


@page(
    "projects/<int:project>/people/<int:pk>/", name="project-person", action="access.explain", scope="project"
)
def in_project(request: HttpRequest, project: int, pk: int) -> HttpResponse:
    """What a person sees in a project and why."""
    return _person(request, _there(Project, project), pk)


@page("protocols/<int:protocol>/who/", name="protocol-who", action="access.explain", scope="protocol")
def of_enrolled(request: HttpRequest, protocol: int) -> HttpResponse:
    """Who can see a patient of this protocol, asked by pseudonym or trial ID."""
    where, now = _there(Protocol, protocol), house_of(request).clock.now()
    scope = Scope("protocol", protocol)
    _not_only_admin(request, scope, now)
    # Sent by POST: what was typed stands in no address and no log.
    form = WhoForm(request.POST if request.method == "POST" else None)
    context: dict[str, Any] = {"protocol": where, "form": form}
    if request.method == "POST" and form.is_valid():
        typed = form.cleaned_data["q"].strip()
        enrolment = _enrolment(where, typed)
        if enrolment is None:
            form.add_error("q", _("No patient of this protocol has this pseudonym or trial ID."))
        else:
            note(
                request,
                "ask who sees",
                object_kind="enrolment",
                object_id=enrolment.pk,
                protocol=where.short_name,
            )
            context |= {"asked": typed, "seers": who_can_see(enrolment.patient, now, scope)}
    return render(request, "grants/who.html", context)


@page("patients/<int:pk>/who/", name="patient-who", action="access.explain")
def of_patient(request: HttpRequest, pk: int) -> HttpResponse:
    """Who can see this patient, and why."""
    file = one_of(request, PatientFile, pk, "institution")
    now = house_of(request).clock.now()
    scope = _asker_scope(request, file, now)
    patient = Patient.objects.filter(files=file.pk).first()
    if patient is None:
        raise Http404
    note(
        request,
        "ask who sees",
        object_kind="patient file",
        object_id=file.pk,
        institution=file.institution.code,
    )
    protocol = Protocol.objects.filter(pk=scope.id).first() if scope else None
    context = {"file": file, "protocol": protocol, "seers": who_can_see(patient, now, scope)}
    return render(request, "grants/who.html", context)


def chosen(request: HttpRequest, where: Protocol | Project, scope: Scope, now: datetime) -> dict[str, Any]:
    """What the person of `?person=` sees, for the side of the list."""
    number = request.GET.get("person", "")
    if not (number.isascii() and number.isdigit() and len(number) < 18):
        return {}
    user = _person_here(request, scope, int(number), now)
    if user is None:
        return {}
    return {"person": user, **_sees(request, user, where, scope, now)}


def _person(request: HttpRequest, where: Protocol | Project, pk: int) -> HttpResponse:
    scope, now = Scope.of(where), house_of(request).clock.now()
    user = _person_here(request, scope, pk, now)
    if user is None:
        raise Http404
    held = Grant.objects.filter(user=user, scope_kind=scope.kind, scope_id=scope.id)
    rows = _rows(scope)
    # Acts that the same reasons allow stand together.
    reasons: dict[tuple[Step, ...], list[Any]] = {}
    for name in ASKED:
        steps = explain(user, name, now, rows=rows, columns=PATIENT_FILES, within=scope)
        reasons.setdefault(tuple(steps), []).append(ACTIONS[name].title)
    context = {
        "where": where,
        "kind": scope.kind,
        "person": user,
        "codes": words.centres_of([user.pk], now).get(user.pk, ""),
        "lines": words.shown(held.select_related("granted_by").prefetch_related("institutions"), now),
        "reasons": [(titles, steps, steps[-1].holds) for steps, titles in reasons.items()],
        **_sees(request, user, where, scope, now),
    }
    return render(request, "grants/person.html", context)


def _sees(
    request: HttpRequest, user: User, where: Protocol | Project, scope: Scope, now: datetime
) -> dict[str, Any]:
    note(
        request,
        "explain access",
        object_kind="user",
        object_id=user.pk,
        protocol=where.short_name if scope.kind == "protocol" else "",
    )
    centres = Institution.objects.none()
    if scope.kind == "protocol":
        taking_part = Participation.objects.in_force(now).filter(protocol=scope.id)
        centres = Institution.objects.filter(pk__in=taking_part.values("institution"))
    lines = sight(user, now, scope, centres)
    steps = explain(user, "data.view", now, rows=_rows(scope), columns=PATIENT_FILES, within=scope)
    return {
        "sight": [one for one in lines if one.see],
        "unseen": [one.code for one in lines if not one.see],
        "steps": steps,
        "no_emergency": NO_EMERGENCY,
    }


def _rows(scope: Scope) -> Any:
    """The patient files a protocol holds, or a project may reach."""
    members = Membership.objects.in_force()
    if scope.kind == "protocol":
        members = members.filter(protocol=scope.id)
    else:
        members = members.filter(protocol__reuse__project=scope.id, protocol__reuse__state="approved")
    return PatientFile.objects.filter(pk__in=members.values("patient_file"))


def _person_here(request: HttpRequest, scope: Scope, pk: int, now: datetime) -> User | None:
    """A person who holds or held something here, or works for a centre that takes part."""
    here = Q(pk__in=grants_seen(request.user, "grant.view", now, scope).values("user"))
    if scope.kind == "protocol":
        centres = Participation.objects.in_force(now).filter(protocol=scope.id).values("institution")
        people = Affiliation.objects.filter(institution__in=centres)
        here |= Q(pk__in=people.values("user"))
    return User.objects.filter(here, pk=pk).distinct().first()


def _there(model: type[Any], pk: int) -> Any:
    row = model.objects.filter(pk=pk).first()
    if row is None:
        raise Http404
    return row


def _not_only_admin(request: HttpRequest, scope: Scope, now: datetime) -> None:
    """The system administrator learns nothing of patients, not even who is in a protocol."""
    paths = standing_of(user_of(request)).in_force("access.explain", now, scope)
    if all(path.role == "system-admin" for path in paths):
        raise Http404


def _enrolment(protocol: Protocol, typed: str) -> Enrolment | None:
    rows = Enrolment.objects.filter(protocol=protocol).exclude(pseudonym="").select_related("patient")
    found = rows.filter(pseudonym=typed).first()
    if found is not None or not typed:
        return found
    participant = Participant.objects.filter(protocol=protocol, trial_id=typed, patient__isnull=False).first()
    if participant is None:
        return None
    rows = Enrolment.objects.filter(protocol=protocol, patient=participant.patient_id)
    return rows.select_related("patient").first()


def _asker_scope(request: HttpRequest, file: PatientFile, now: datetime) -> Scope | None:
    allowed = how_far(request, file, now)
    if allowed is None:
        raise Http404
    return allowed[0]
