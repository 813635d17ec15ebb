"""Every verb of an erasure asks the policy, also where no page stands before it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest

from planbank.access.policy import Refused
from planbank.erasure import asking, withdrawing
from planbank.erasure.models import Erasure
from planbank.errors import ErasureError
from planbank.house import House
from planbank.people.models import User
from planbank.protocols.act import Act
from planbank.protocols.models import Enrolment, Membership, Protocol
from tests.protocols.rows import ProtocolRows


@pytest.fixture
def rows(bank: House, now: datetime) -> ProtocolRows:
    return ProtocolRows(now - timedelta(days=1))


@pytest.fixture
def brain(rows: ProtocolRows) -> Protocol:
    row = rows.protocol("BRAIN")
    rows.join(row, rows.small_plan("AUH", "0101501234"))
    for name, role in (("kaya", "key-user"), ("carl", "controller"), ("rita", "reader")):
        rows.grant(rows.user(name, "VLE"), role, row, see=2 if role == "reader" else 0)
    User.objects.create_user("ada", name="Ada", is_site_admin=True)
    return row


def by(name: str, now: datetime) -> Act:
    return Act.of(User.objects.get(username=name), now)


def asked(brain: Protocol, act: Act) -> Erasure:
    member = Membership.objects.select_related("patient_file__institution").first()
    assert member is not None
    return asking.ask(act, brain, member.patient_file, "asked")


@pytest.mark.parametrize("name", ["carl", "rita", "ada"])
def test_only_who_asks_asks_and_withdraws(brain: Protocol, now: datetime, name: str) -> None:
    enrolment = Enrolment.objects.get()
    tries: list[Callable[[Act], object]] = [
        lambda act: asked(brain, act),
        lambda act: withdrawing.withdraw(act, enrolment, "x"),
        lambda act: withdrawing.undo(act, enrolment, "x"),
    ]
    for verb in tries:
        with pytest.raises(Refused):
            verb(by(name, now))
    assert Enrolment.objects.get().state == "enrolled" and not Erasure.objects.exists()


def test_a_service_or_a_command_never_may(brain: Protocol, now: datetime) -> None:
    for act in (Act.of_service("x", now), Act.of_command("x", now)):
        with pytest.raises(Refused):
            asked(brain, act)


def test_each_step_by_its_own_person(bank: House, brain: Protocol, now: datetime) -> None:
    row = asked(brain, by("kaya", now))
    for name in ("kaya", "rita", "ada"):
        with pytest.raises(Refused):
            asking.decide(by(name, now), row, "yes")
        with pytest.raises(Refused):
            asking.refuse(by(name, now), row, "no")
    asking.decide(by("carl", now), row, "yes")
    for name in ("kaya", "carl", "rita"):
        with pytest.raises(Refused):
            asking.confirm(by(name, now), row, 2)
    asking.confirm(by("ada", now), row, 2)
    Erasure.objects.update(state="done")
    for name in ("kaya", "rita", "ada"):
        with pytest.raises(Refused):
            asking.lift(by(name, now), bank, row, "why")
    assert asking.lift(by("carl", now), bank, row, "why") == 0


def test_a_grant_that_lapsed_or_an_account_switched_off(brain: Protocol, now: datetime) -> None:
    late = now + timedelta(days=999)
    with pytest.raises(Refused):
        asked(brain, by("kaya", late))
    User.objects.filter(username="kaya").update(is_active=False)
    with pytest.raises(Refused):
        asked(brain, by("kaya", now))


def test_reasons_are_needed(brain: Protocol, now: datetime) -> None:
    member = Membership.objects.select_related("patient_file__institution").first()
    assert member is not None
    with pytest.raises(ErasureError):
        asking.ask(by("kaya", now), brain, member.patient_file, "  ")
