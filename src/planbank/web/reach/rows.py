"""What the person of a request may reach, and the note that they looked.

Comes in: a request. Goes out: querysets narrowed by the policy, or 404; entries in the journal.
"""

from __future__ import annotations

from typing import Any

from django.db.models import Model, QuerySet
from django.http import Http404, HttpRequest

from planbank.access.policy import institutions_of, visible
from planbank.catalogue.models import Finding, Instance, PatientFile, Series, Submission
from planbank.journal.record import Actor, record
from planbank.people.models import Institution, User
from planbank.web.pages import house_of

_LEADS_TO_INSTITUTION: dict[type[Model], str] = {
    PatientFile: "institution",
    Series: "study__patient_file__institution",
    Instance: "institution",
    Submission: "institution",
    Finding: "patient_file__institution",
}


def mine(request: HttpRequest, model: type[Model]) -> QuerySet[Any]:
    """The rows of a model that this person may see now."""
    return visible(
        request.user,
        "data.view",
        model._default_manager.all(),
        institution=_LEADS_TO_INSTITUTION[model],
        at=house_of(request).clock.now(),
    )


def one(rows: QuerySet[Any], pk: int) -> Any:
    """The row, or 404: for what is hidden and what is absent alike."""
    found = rows.filter(pk=pk).first()
    if found is None:
        raise Http404
    return found


def my_institutions(request: HttpRequest) -> list[Institution]:
    """The institutions whose data this person may see now."""
    assert isinstance(request.user, User)
    return list(institutions_of(request.user, house_of(request).clock.now()))


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
