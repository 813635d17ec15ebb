"""Invented protocols, members, grants and projects, for tests of what reads them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from planbank.access.models import Grant
from planbank.catalogue.models import Instance, PatientFile, PlanSet, Series
from planbank.people.models import User
from planbank.protocols.levels import See, TakeOut
from planbank.protocols.models import (
    Enrolment,
    Membership,
    Participant,
    Participation,
    Project,
    Protocol,
    ReuseRequest,
)
from tests.catalogue.plan_rows import PlanRows

YEAR = timedelta(days=365)


@dataclass
class ProtocolRows(PlanRows):
    """Rows of protocols around rows of plan sets."""

    def protocol(self, name: str = "BRAIN", **fields: Any) -> Protocol:
        values = {"title": f"The {name} protocol", "status": "active", "created_at": self.at, **fields}
        return Protocol.objects.get_or_create(short_name=name, defaults=values)[0]

    def centre(self, protocol: Protocol, code: str, **fields: Any) -> Participation:
        return Participation.objects.create(
            protocol=protocol,
            institution=self.institution(code),
            **{"since": self.at - YEAR, **fields},
        )

    def grant(self, user: User, role: str, scope: Any, *institutions: str, **fields: Any) -> Grant:
        """A grant in force in a protocol or project; narrowed where institutions are named."""
        values = {
            "see": See.NONE,
            "take_out": TakeOut.NONE,
            "since": self.at - timedelta(days=1),
            "until": self.at + YEAR,
            "granted_at": self.at - timedelta(days=1),
            "confirmed_at": self.at - timedelta(days=1),
            "scope_kind": scope._meta.verbose_name if scope else "site",
            "scope_id": scope.pk if scope else 0,
            "every_institution": not institutions,
        }
        row = Grant.objects.create(user=user, role=role, **{**values, **fields})
        row.institutions.set([self.institution(code) for code in institutions])
        return row

    def enrolment(self, protocol: Protocol, file: PatientFile, **fields: Any) -> Enrolment:
        values = {"enrolled_at": self.at, "state_at": self.at, "via": "user", **fields}
        return Enrolment.objects.get_or_create(protocol=protocol, patient=file.patient, defaults=values)[0]

    def membership(self, protocol: Protocol, what: Instance | Series, **fields: Any) -> Membership:
        series = what.series if isinstance(what, Instance) else what
        file = series.study.patient_file
        values = {
            "protocol": protocol,
            "institution": file.institution,
            "patient_file": file,
            "series": series,
            "instance": what if isinstance(what, Instance) else None,
            "sop_instance_uid": what.sop_instance_uid if isinstance(what, Instance) else "",
            "added_at": self.at,
            "via": "user",
        }
        return Membership.objects.create(**{**values, **fields})

    def whole_plan(self, code: str = "AUH", sent_id: str = "0101501234", **fields: Any) -> PlanSet:
        """As below, named after its plan, as link does it."""
        plan_set = super().whole_plan(code, sent_id, **fields)
        head = plan_set.members.select_related("instance").get(role="plan").instance
        assert head is not None
        plan_set.sop_instance_uid = head.sop_instance_uid
        plan_set.save()
        return plan_set

    def small_plan(self, code: str, sent_id: str, file: PatientFile | None = None) -> PlanSet:
        """A plan set of a plan and one series of one image, the least that has both kinds of member."""
        file = file or self.file(code, sent_id, name="Holm^Mette")
        plan = self.rt_object(file, "RTPLAN")
        plan_set = self.plan_set(file, sop_instance_uid=plan.sop_instance_uid)
        self.member(plan_set, "plan", "itself", instance=plan)
        self.add_images(plan_set, count=1)
        return plan_set

    def join(self, protocol: Protocol, plan_set: PlanSet, **fields: Any) -> PlanSet:
        """All members of a plan set in the protocol, and its patient enrolled."""
        for member in plan_set.members.all():
            what = member.instance or member.series
            assert what is not None
            self.membership(protocol, what, **fields)
        if plan_set.patient_file.patient_id:
            self.enrolment(protocol, plan_set.patient_file)
        return plan_set

    def participant(self, protocol: Protocol, trial_id: str, code: str = "AUH", **fields: Any) -> Participant:
        values = {"institution": self.institution(code), "added_at": self.at, **fields}
        return Participant.objects.create(protocol=protocol, trial_id=trial_id, **values)

    def project(self, name: str = "AI-HEART", **fields: Any) -> Project:
        values = {"starts_at": self.at - YEAR, "ends_at": self.at + YEAR, "created_at": self.at}
        row = {"title": f"The {name} project", "status": "active", **values, **fields}
        return Project.objects.get_or_create(short_name=name, defaults=row)[0]

    def reuse(self, project: Project, protocol: Protocol, **fields: Any) -> ReuseRequest:
        values = {
            "purpose": "heart doses",
            "see": See.PSEUDONYMISED,
            "since": self.at - timedelta(days=1),
            "until": self.at + YEAR,
            "state": "approved",
            "asked_at": self.at,
            "decided_at": self.at - timedelta(days=1),
        }
        return ReuseRequest.objects.create(project=project, protocol=protocol, **{**values, **fields})
