"""Data come into a protocol and go out of it; history stays, doing it twice is doing it once (R35 to R41)."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from planbank.errors import ProtocolError
from planbank.journal.models import Entry
from planbank.protocols.act import Act
from planbank.protocols.actions.adding import add_patient, add_plan_set, add_series
from planbank.protocols.actions.enrolling import lift, restrict, withdraw
from planbank.protocols.actions.removing import remove_patient, remove_plan_set
from planbank.protocols.models import Enrolment, Membership, Participation, Protocol
from tests.protocols.rows import ProtocolRows


@pytest.fixture
def brain(rows: ProtocolRows) -> Protocol:
    protocol = rows.protocol("BRAIN")
    rows.centre(protocol, "AUH")
    return protocol


def act(rows: ProtocolRows) -> Act:
    from planbank.people.models import User

    user = User.objects.filter(username="mette").first() or rows.user("mette", "AUH")
    return Act.of(user, rows.at)


def state() -> list[Any]:
    fields = ("protocol", "series", "instance", "removed_at", "restricted_at")
    return sorted(map(str, Membership.objects.values_list(*fields)))


def test_a_plan_set_comes_as_a_whole_images_by_series(rows: ProtocolRows, brain: Protocol) -> None:
    plan_set = rows.whole_plan()
    assert add_plan_set(act(rows), brain, plan_set) == 4
    members = Membership.objects.all()
    assert members.filter(instance__isnull=True).count() == 1
    assert {m.sop_instance_uid for m in members} > {"", plan_set.sop_instance_uid}
    for row in members:
        assert row.series.study.patient_file == row.patient_file == plan_set.patient_file
        assert row.institution == plan_set.patient_file.institution
        assert row.instance is None or row.instance.series == row.series


def test_twice_is_once_and_one_protocol_does_not_exclude_another(rows: ProtocolRows, brain: Protocol) -> None:
    plan_set, heart = rows.whole_plan(), rows.protocol("HEART")
    rows.centre(heart, "AUH")
    assert [add_plan_set(act(rows), p, plan_set) for p in (brain, brain, heart)] == [4, 0, 4]
    assert Enrolment.objects.count() == 2
    added = Entry.objects.filter(action="add data")
    assert sorted(added.values_list("protocol", "detail__members")) == [("BRAIN", 4), ("HEART", 4)]


def test_a_series_alone_and_all_of_a_patient(rows: ProtocolRows, brain: Protocol) -> None:
    plan_set = rows.whole_plan()
    images = rows.series(plan_set.patient_file, "MR")
    assert add_series(act(rows), brain, images) == 1
    assert add_patient(act(rows), brain, plan_set.patient_file) == 4


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"status": "draft"}, "not open"),
        ({"status": "closed"}, "not open"),
        ({}, "does not take part"),
    ],
)
def test_what_is_not_taken_is_said_and_nothing_is_written(
    rows: ProtocolRows, brain: Protocol, change: dict[str, str], words: str
) -> None:
    plan_set = rows.whole_plan()
    if not change:
        Participation.objects.update(until=rows.at)
    Protocol.objects.filter(pk=brain.pk).update(closed_at=rows.at, **change)
    with pytest.raises(ProtocolError, match=words):
        add_plan_set(act(rows), brain, plan_set)
    assert not Membership.objects.exists() and not Enrolment.objects.exists()


def test_data_without_a_patient_id_are_not_taken(rows: ProtocolRows, brain: Protocol) -> None:
    with pytest.raises(ProtocolError, match="no Patient ID"):
        add_plan_set(act(rows), brain, rows.whole_plan(sent_id=""))


def test_removing_wants_a_reason_and_keeps_what_another_plan_needs(
    rows: ProtocolRows, brain: Protocol
) -> None:
    plan_set = rows.whole_plan()
    boost = rows.plan_set(plan_set.patient_file, label="boost")
    plan = rows.rt_object(plan_set.patient_file, "RTPLAN")
    type(boost).objects.filter(pk=boost.pk).update(sop_instance_uid=plan.sop_instance_uid)
    boost.refresh_from_db()
    rows.member(boost, "plan", "itself", instance=plan)
    for member in plan_set.members.filter(role__in=["structure set", "images"]):
        rows.member(boost, member.role, instance=member.instance, series=member.series)
    for one in (plan_set, boost):
        add_plan_set(act(rows), brain, one)
    with pytest.raises(ProtocolError, match="Say why"):
        remove_plan_set(act(rows), brain, plan_set, " ")
    assert remove_plan_set(act(rows), brain, plan_set, "wrong plan") == 2, "its plan and its dose"
    assert Membership.objects.filter(removed_at=None).count() == 3
    with pytest.raises(ProtocolError, match="does not stand"):
        remove_plan_set(act(rows), brain, plan_set, "again")


def test_as_of_an_earlier_day(rows: ProtocolRows, brain: Protocol) -> None:
    plan_set, first = rows.whole_plan(), rows.at
    add_plan_set(act(rows), brain, plan_set)
    rows.at += timedelta(days=30)
    remove_plan_set(act(rows), brain, plan_set, "wrong patient")
    rows.at += timedelta(days=30)
    assert add_plan_set(act(rows), brain, plan_set) == 4, "what a person removed, a person adds again"
    counts = [
        Membership.objects.as_of(first + timedelta(days=days)).count() for days in (-1, 0, 29, 30, 59, 60)
    ]
    assert counts == [0, 4, 4, 0, 0, 4]


def test_a_removed_patient_comes_back_only_by_a_person(rows: ProtocolRows, brain: Protocol) -> None:
    plan_set = rows.whole_plan()
    add_plan_set(act(rows), brain, plan_set)
    enrolment = Enrolment.objects.get()
    assert remove_patient(act(rows), brain, enrolment, "wrong patient") == 4
    with pytest.raises(ProtocolError, match="removed"):
        add_plan_set(Act.of_service("members", rows.at), brain, plan_set)
    assert add_plan_set(act(rows), brain, plan_set) == 4
    assert Enrolment.objects.get().state == "enrolled"


def test_withdrawal_hides_at_once_and_can_be_undone(rows: ProtocolRows, brain: Protocol) -> None:
    plan_set = rows.whole_plan()
    add_plan_set(act(rows), brain, plan_set)
    row = withdraw(act(rows), Enrolment.objects.get(), "consent withdrawn")
    assert row.delete_after == rows.at + timedelta(days=14)
    assert not Membership.objects.in_force().exists()
    with pytest.raises(ProtocolError, match="withdrawn"):
        add_plan_set(act(rows), brain, plan_set)
    lift(act(rows), row, "a mistake")
    assert Membership.objects.in_force().count() == 4
    restrict(act(rows), row, "under review")
    assert not Membership.objects.in_force().exists()


def test_the_journal_names_no_patient(rows: ProtocolRows, brain: Protocol) -> None:
    add_plan_set(act(rows), brain, rows.whole_plan(sent_id="0101501234"))
    for entry in Entry.objects.all():
        assert "0101501234" not in str(entry.__dict__) and "Holm" not in str(entry.__dict__)
