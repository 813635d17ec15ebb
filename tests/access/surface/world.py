"""The bank that every door is tried in: what the oracle's world says, with identities planted in it.

Goes out: `Planted`, with an example of every kind of row that an address can name (kinds.py).
"""

from __future__ import annotations

from collections.abc import Callable
from copy import copy
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from django.contrib.auth.models import AnonymousUser

from planbank.access.standing import Standing, standing_of
from planbank.catalogue.models import (
    Instance,
    PatientFile,
    Plan,
    PlanSet,
    Roi,
    Series,
    Study,
    Submission,
)  # fmt: skip
from planbank.people.models import User
from tests.access.building import build_person, build_reuses, build_scopes
from tests.access.oracle import World
from tests.access.surface.kinds import ASKED, KINDS, Example
from tests.access.surface.people import PEOPLE, WORLD
from tests.protocols.rows import ProtocolRows

ABSENT = 987654321


@dataclass
class Planted:
    """A world in the bank."""

    rows: ProtocolRows
    world: World = WORLD
    plans: dict[str, PlanSet] = field(default_factory=dict)
    users: dict[str, User] = field(default_factory=dict)
    examples: dict[str, list[Example]] = field(default_factory=dict)
    present: User | None = None
    holding: dict[int, Standing] = field(default_factory=dict)
    bodies: dict[str, dict[str, Any]] = field(default_factory=dict)

    def build(self) -> Planted:
        """Make everything."""
        build_scopes(self.rows, self.world)
        for n, (name, (code, protocols)) in enumerate(self.world.rows.items()):
            self.plans[name] = self._plan(n, name, code, sorted(protocols))
        build_reuses(self.rows, self.world, self.plans)
        for person in PEOPLE:
            self.users[person.name] = build_person(self.rows, self.world, person)
        for kind, make in {**KINDS, **ASKED}.items():
            self.examples[kind] = make(self)
        return self

    def signed_in(self, _request: object) -> User | AnonymousUser:
        """Who is at the doors now, as a request has them."""
        return AnonymousUser() if self.present is None or not self.present.is_active else copy(self.present)

    def remember(self, user: User) -> None:
        """What they hold, read once in this world."""
        if user.pk not in self.holding:
            self.holding[user.pk] = standing_of(user)
        user.__dict__["_standing"] = self.holding[user.pk]

    def _plan(self, n: int, name: str, code: str, protocols: list[str]) -> PlanSet:
        rows, canary = self.rows, Canary(n)
        whole = name in ("auh-brain", "auh-heart", "ouh-brain")
        make: Callable[..., PlanSet] = rows.whole_plan if whole else rows.small_plan
        plan = make(code, canary.number)
        file = plan.patient_file
        PatientFile.objects.filter(pk=file.pk).update(
            name=f"{canary.word}^{canary.word}", birth_date=f"{canary.born:%Y%m%d}", sex="F"
        )
        PlanSet.objects.filter(pk=plan.pk).update(label=canary.word)
        Plan.objects.filter(version__current_in__series__study__patient_file=file).update(label=canary.word)
        Roi.objects.filter(
            structure_set__version__current_in__series__study__patient_file=file, name="Couch"
        ).update(name=canary.word)
        Study.objects.filter(patient_file=file).update(description=canary.word)
        Series.objects.filter(study__patient_file=file).update(description=canary.word)
        Submission.objects.filter(instance__series__study__patient_file=file).update(
            association_id=f"{name}{'0' * 32}"[:32]
        )
        if name in GONE:
            state = "removed_at" if name == "auh-removed" else "restricted_at"
            rows.join(rows.protocol("BRAIN"), plan, **{state: rows.at})
            self._enrolment(n, "BRAIN", file, GONE[name])
        for protocol in protocols:
            rows.join(rows.protocol(protocol), plan)
            self._enrolment(n, protocol, file, "enrolled")
        return PlanSet.objects.get(pk=plan.pk)

    def _enrolment(self, n: int, protocol: str, file: PatientFile, state: str) -> None:
        where = self.rows.protocol(protocol)
        assert file.patient is not None
        file.patient.enrolments.filter(protocol=where).update(pseudonym=f"{protocol[0]}-7K2P{n}", state=state)
        self.rows.participant(where, f"T-{n:03d}", file.institution.code, patient=file.patient)

    def identities(self, row: str) -> list[str]:
        """Every form in which the identity of a row may turn up, in lower case; UIDs end where they end."""
        plan = self.plans[row]
        mine = {"series__study__patient_file": plan.patient_file_id}
        uids = [*Instance.objects.filter(**mine).values_list("sop_instance_uid", flat=True)]
        uids += Series.objects.filter(study__patient_file=plan.patient_file_id).values_list(
            "series_instance_uid", flat=True
        )
        uids += Study.objects.filter(patient_file=plan.patient_file_id).values_list(
            "study_instance_uid", flat=True
        )
        return [*Canary(list(self.plans).index(row)).forms(), *(f"{uid}!" for uid in uids)]


GONE = {"auh-restricted": "restricted", "auh-withdrawn": "withdrawn", "auh-removed": "removed"}


@dataclass(frozen=True)
class Canary:
    """The identity of one row, that stands nowhere else."""

    n: int

    @property
    def word(self) -> str:
        """Its name, plan label, descriptions and a ROI's name: a word in no vocabulary."""
        return f"Kanariegul{chr(ord('A') + self.n)}q"

    @property
    def number(self) -> str:
        """A CPR number."""
        return f"{self.born:%d%m%y}77{self.n:02d}"

    @property
    def born(self) -> date:
        """The day of birth."""
        return date(1931, 12, 10 + self.n)

    def forms(self) -> tuple[str, ...]:
        """Words, number and dates as pages, tables and files may write them, in lower case."""
        day = self.born
        forms = (
            "%Y%m%d",
            "%Y-%m-%d",
            "%d/%m/%Y",
            "%d.%m.%Y",
            "%d-%m-%Y",
            "%d %b %Y",
            "%d %B %Y",
            "%b. %d, %Y",
        )
        dates = (format(day, form) for form in forms)
        words = (self.word, self.number, f"{self.number[:6]}-{self.number[6:]}", *dates)
        return tuple(one.lower() for one in words)
