"""The rows of the catalogue that a person sees, each veiled as its level asks.

Comes in: a user, a time, a model. Goes out: querysets that the policy has narrowed and the veil
goes over. Pages, API, tables and files read patients, plans, series and objects through here only.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Model, Q, QuerySet
from django.db.models.expressions import RawSQL

from planbank.access import policy
from planbank.access.scopes import INSTANCES, PATIENT_FILES, PLAN_SETS, SERIES, Columns, Scope
from planbank.access.standing import standing_of
from planbank.catalogue.models import (
    Finding,
    Instance,
    PatientFile,
    PlanSet,
    Receipt,
    Series,
    Submission,
)
from planbank.catalogue.queries.among import among
from planbank.erasure.models import Ageing
from planbank.people.models import Institution, User
from planbank.protocols.levels import See
from planbank.protocols.models import Enrolment, Participant, Participation
from planbank.reach.veil import Veiled

COLUMNS: dict[type[Model], Columns] = {
    PatientFile: PATIENT_FILES,
    PlanSet: PLAN_SETS,
    Series: SERIES,
    Instance: INSTANCES,
}
TO_INSTITUTION: dict[type[Model], str] = {
    **{model: columns.institution for model, columns in COLUMNS.items()},
    Submission: "institution",
    Ageing: "institution",
    Finding: "patient_file__institution",
    Receipt: "institution",
}


@dataclass(frozen=True)
class Reader:
    """Who reads, when, and where: a token may hold them to one protocol."""

    user: User
    at: datetime
    scope: Scope | None = None

    def rows(self, model: type[Model], action: str = "data.view") -> QuerySet[Any]:
        """The rows of a model that they may see, veiled."""
        every = model._default_manager.all()
        found = policy.visible(self.user, action, every, COLUMNS[model], at=self.at, scope=self.scope)
        found._iterable_class = Veiled
        return found

    def own(self, model: type[Model]) -> QuerySet[Any]:
        """The rows of their own institutions, whole."""
        if self.scope is not None and self.scope.kind != "institution":
            return model._default_manager.none()
        every, to = model._default_manager.all(), TO_INSTITUTION[model]
        return policy.visible(self.user, "data.view", every, institution=to, at=self.at)

    def one(self, model: type[Model], pk: int, *related: str, action: str = "data.view") -> Any:
        """The row `pk` with what is related, veiled.

        Raises Refused: hidden and absent alike, or with the reason for whom it may be told.
        """
        found = self.rows(model, action).select_related(*related).filter(pk=pk).first()
        if found is None:
            hidden = model._default_manager.filter(pk=pk)
            raise policy.Refused(policy.why_not(self.user, action, hidden, COLUMNS[model], self.at))
        return found

    def institutions(self) -> list[Institution]:
        """The institutions of which they may see something: their own, and centres of their protocols."""
        found = Q(pk__in=policy.institutions_of(self.user, self.at))
        for path in standing_of(self.user).in_force("data.view", self.at):
            if path.institutions is not None:
                found |= Q(pk__in=path.institutions)
            elif path.protocol is not None:
                centres = Participation.objects.filter(protocol=path.protocol.id)
                found |= Q(pk__in=centres.values("institution"))
        return list(Institution.objects.filter(found))

    def sees_only_named(self) -> bool:
        """Whether they see every row by name: only then may lists be sorted by what names."""
        paths = standing_of(self.user).in_force("data.view", self.at)
        return all(path.scope.kind == "institution" or path.see >= See.IDENTIFIED for path in paths)

    def key(self) -> tuple[object, ...]:
        """What `rows` are narrowed by now, for numbers that are remembered: a lapse changes it."""
        paths = standing_of(self.user).in_force("data.view", self.at)
        return (
            self.scope,
            *sorted(
                {
                    (
                        p.scope.kind,
                        p.scope.id,
                        p.protocol and p.protocol.id,
                        p.listed,
                        _sorted(p.institutions),
                    )
                    for p in paths
                },
                key=repr,
            ),
        )

    def words_allowed(self) -> dict[str, Any]:
        """How searches may look into `rows`: by name only where the name may be seen."""
        if self.sees_only_named():
            return {}
        return {
            "named": Q(seen_as__gte=See.IDENTIFIED),
            "also": ("pseudonym", "trial_id"),
            "known": _known_as,
        }


def _sorted(institutions: frozenset[int] | None) -> tuple[int, ...] | None:
    return None if institutions is None else tuple(sorted(institutions))


def _known_as(word: str) -> RawSQL:
    """Patients with a word in some pseudonym or trial ID: a part of a search, never an answer."""
    enrolled = Enrolment.objects.filter(pseudonym__icontains=word).values_list("patient", flat=True)
    participants = Participant.objects.filter(trial_id__icontains=word, patient__isnull=False)
    return among(enrolled.union(participants.values_list("patient", flat=True)))
