"""A bank with one plan set seen through a protocol, and calls with a token."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

# This file may be read before Django is set up: models are imported inside.
if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from planbank.catalogue.models import PlanSet
    from planbank.house import House
    from planbank.people.models import User
    from tests.api.calling import Caller
    from tests.protocols.rows import ProtocolRows


@pytest.fixture
def rows(bank: House, now: datetime) -> ProtocolRows:
    from tests.protocols.rows import ProtocolRows

    return ProtocolRows(now)


@pytest.fixture
def caller(bank: House) -> Callable[..., Caller]:
    """A caller with a token of a user, maybe held to a scope."""
    from planbank.access.scopes import Scope
    from planbank.access.tokens import issue
    from planbank.journal.record import Actor
    from tests.api.calling import Caller

    def make(user: User, held: Any = None) -> Caller:
        scope = Scope.of(held) if held is not None else None
        actor, at = Actor("command", "test"), bank.clock.now()
        _token, text = issue(
            user, name="nb", scope=scope, purpose="a test", days=30, actor=actor, at=at, may_write=True
        )
        return Caller(text)

    return make


@pytest.fixture
def plan_set(rows: ProtocolRows) -> PlanSet:
    """A whole plan of OUH in the protocol BRAIN."""
    plan_set = rows.whole_plan("OUH")
    type(plan_set.patient_file).objects.update(birth_date="19500101")
    plan_set.sop_instance_uid = plan_set.members.get(role="plan").instance.sop_instance_uid
    plan_set.save()
    protocol = rows.protocol("BRAIN")
    rows.centre(protocol, "OUH")
    rows.join(protocol, plan_set)
    plan_set.patient_file.patient.enrolments.update(pseudonym="B-7K2PD")
    rows.participant(protocol, "T-041", "OUH", patient=plan_set.patient_file.patient)
    return plan_set


@pytest.fixture
def reader(rows: ProtocolRows, plan_set: PlanSet) -> User:
    """Somebody of AUH who sees BRAIN under pseudonyms."""
    from planbank.protocols.levels import See

    user = rows.user("rita", "AUH")
    rows.grant(user, "reader", rows.protocol("BRAIN"), see=See.PSEUDONYMISED)
    return user
