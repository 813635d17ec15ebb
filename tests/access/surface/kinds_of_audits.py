"""Examples of the rows of audit studies: part of `kinds.KINDS`."""

from __future__ import annotations

import hashlib
from datetime import timedelta
from typing import TYPE_CHECKING

from planbank.audits.models import AuditStudy, Case, Copy, Link, Observer, Return
from tests.access.surface.example import Example

if TYPE_CHECKING:
    from tests.access.surface.world import Planted


def audit_study(planted: Planted) -> list[Example]:
    """A study of BRAIN with one copy that is made and one return that waits."""
    at, brain = planted.rows.at, planted.rows.protocol("BRAIN")
    plan, auh = planted.plans["auh-brain"], planted.rows.institution("AUH")
    study = AuditStudy.objects.create(
        protocol=brain, name="Pelvis", purpose="differences", organiser="Mette", state="open", made_at=at
    )
    case = Case.objects.create(
        study=study, name="A", patient_file=plan.patient_file, plan_set_uid=plan.sop_instance_uid
    )
    who = Observer.objects.create(study=study, centre=auh, code="AUH-1")
    copy = Copy.objects.create(
        study=study, case=case, centre=auh, observer=who, number=1, state="made", made_at=at
    )
    version = plan.members.get(role="plan").instance.current_version
    back = Return.objects.create(
        study=study,
        copy=copy,
        version=version,
        kind="plan",
        parcel_id="returned",
        institution=auh,
        received_at=at,
        recognised_by="frame",
        state="to decide",
    )
    more = {"copy": copy.pk, "row": back.pk, "observer": who.pk}
    return [Example(study.pk, within="BRAIN", more=more)]


def links_to_copies(planted: Planted) -> list[Example]:
    """It is there for who holds it, signed in or not."""
    token = "t" * 43
    Link.objects.create(
        copy=Copy.objects.get(study__name="Pelvis"),
        digest=hashlib.sha256(token.encode()).hexdigest(),
        made_at=planted.rows.at,
        expires_at=planted.rows.at + timedelta(days=365),
    )
    return [Example(token)]
