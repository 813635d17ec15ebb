"""What the person of a request may reach, and the note that they looked.

Comes in: a request. Goes out: querysets narrowed by the policy, or a refusal; entries in the journal.
"""

from __future__ import annotations

from typing import Any

from django.db.models import Model, Q, QuerySet
from django.http import Http404, HttpRequest

from planbank.access import policy
from planbank.access.policy import institutions_of, visible
from planbank.access.scopes import INSTANCES, PATIENT_FILES, PLAN_SETS, SERIES, Columns
from planbank.access.standing import standing_of
from planbank.catalogue.models import Finding, Instance, PatientFile, PlanSet, Series, Submission
from planbank.journal.record import Actor, record
from planbank.people.models import Institution, User
from planbank.protocols.levels import See
from planbank.protocols.models import Participation
from planbank.web.pages import house_of
from planbank.web.reach.veil import Veiled

_COLUMNS: dict[type[Model], Columns] = {
    PatientFile: PATIENT_FILES,
    PlanSet: PLAN_SETS,
    Series: SERIES,
    Instance: INSTANCES,
}
_TO_INSTITUTION: dict[type[Model], str] = {
    **{model: columns.institution for model, columns in _COLUMNS.items()},
    Submission: "institution",
    Finding: "patient_file__institution",
}


def mine(request: HttpRequest, model: type[Model]) -> QuerySet[Any]:
    """The rows of a model that this person may see now, each veiled as its level asks."""
    rows = visible(
        request.user,
        "data.view",
        model._default_manager.all(),
        _COLUMNS[model],
        at=house_of(request).clock.now(),
    )
    rows._iterable_class = Veiled
    return rows


def named(request: HttpRequest, model: type[Model]) -> QuerySet[Any]:
    """The rows whose patient this person may know by name."""
    at = house_of(request).clock.now()
    return visible(request.user, "data.identity", model._default_manager.all(), _COLUMNS[model], at=at)


def ours(request: HttpRequest, model: type[Model]) -> QuerySet[Any]:
    """The rows of one's own institutions: what they sent, whole."""
    return visible(
        request.user,
        "data.view",
        model._default_manager.all(),
        institution=_TO_INSTITUTION[model],
        at=house_of(request).clock.now(),
    )


def one(rows: QuerySet[Any], pk: int) -> Any:
    """The row, or 404: for what is hidden and what is absent alike."""
    found = rows.filter(pk=pk).first()
    if found is None:
        raise Http404
    return found


def one_of(
    request: HttpRequest, model: type[Model], pk: int, *related: str, action: str = "data.view"
) -> Any:
    """The row `pk` with what is related, veiled as its level asks.

    Raises Refused: 404, or 403 with the reason for whom it may be told (access/verdict.py).
    """
    at = house_of(request).clock.now()
    every = model._default_manager.select_related(*related)
    rows = visible(request.user, action, every, _COLUMNS[model], at=at)
    rows._iterable_class = Veiled
    found = rows.filter(pk=pk).first()
    if found is None:
        hidden = model._default_manager.filter(pk=pk)
        raise policy.Refused(policy.why_not(request.user, action, hidden, _COLUMNS[model], at))
    return found


def my_institutions(request: HttpRequest) -> list[Institution]:
    """The institutions that this person works for now."""
    assert isinstance(request.user, User)
    return list(institutions_of(request.user, house_of(request).clock.now()))


def seen_institutions(request: HttpRequest) -> list[Institution]:
    """The institutions of which this person may see something: their own, and centres of their protocols."""
    assert isinstance(request.user, User)
    at = house_of(request).clock.now()
    found = Q(pk__in=institutions_of(request.user, at))
    for path in standing_of(request.user).in_force("data.view", at):
        if path.institutions is not None:
            found |= Q(pk__in=path.institutions)
        elif path.protocol is not None:
            found |= Q(pk__in=Participation.objects.filter(protocol=path.protocol.id).values("institution"))
    return list(Institution.objects.filter(found))


def sees_only_named(request: HttpRequest) -> bool:
    """Whether every row this person sees is seen by name: only then may lists be sorted by what names."""
    assert isinstance(request.user, User)
    paths = standing_of(request.user).in_force("data.view", house_of(request).clock.now())
    return all(path.scope.kind == "institution" or path.see >= See.IDENTIFIED for path in paths)


def words_allowed(request: HttpRequest) -> dict[str, Any]:
    """How searches may look into rows of `mine`: by name only where the name may be seen."""
    if sees_only_named(request):
        return {}
    return {"named": Q(seen_as__gte=See.IDENTIFIED), "also": ("pseudonym", "trial_id")}


def note(request: HttpRequest, action: str, **what: Any) -> None:
    """Journal that this person looked, searched or took a list out (R116)."""
    assert isinstance(request.user, User)
    record(Actor("user", request.user.username), action, house_of(request).clock.now(), **what)


def note_view(request: HttpRequest, file: PatientFile, **what: int) -> None:
    """Journal one view of a patient's data; `what` names the series or object."""
    note(
        request,
        "view",
        object_kind="patient file",
        object_id=file.pk,
        institution=file.institution.code,
        **what,
    )
