"""Patients by first treatment date, as the policy lets somebody count them (R51, R125, R127)."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

from planbank.catalogue.models import PatientFile, PlanSet
from planbank.people.models import Institution, User
from planbank.protocols.levels import See, TakeOut
from planbank.reach.rows import Reader
from planbank.statistics.accrual.read import Asked, accrual

if TYPE_CHECKING:
    from tests.naming.trial import Trial

TODAY = date(2026, 6, 30)


def _treated(trial: Trial, code: str, sent_id: str, day: date, source: str = "plan") -> PlanSet:
    plan = trial.plan(code, sent_id, "Heart")
    PlanSet.objects.filter(pk=plan.pk).update(treated_on=day, treated_by=source)
    return plan


def test_a_patient_counts_once_from_the_earliest_treatment(trial: Trial) -> None:
    first = _treated(trial, "AUH", "0101010001", date(2018, 3, 1))
    again = _treated(trial, "OUH", "0101010001", date(2010, 3, 1), "record")
    PatientFile.objects.filter(pk=again.patient_file_id).update(patient=first.patient_file.patient)
    _treated(trial, "OUH", "0101010002", date(2012, 3, 1))
    found = accrual(trial.reader, Asked(), TODAY)
    assert (found.total, found.bins[0].since.year, found.undated) == (2, 2010, 0)
    assert {one.name: one.patients for one in found.centres} == {"AUH": 1, "OUH": 2}
    assert {one.key: one.patients for one in found.sources} == {"record": 1, "plan": 1}


def test_filters_and_the_foreign_share(trial: Trial) -> None:
    _treated(trial, "AUH", "0101010001", date(2018, 3, 1))
    _treated(trial, "OUH", "0101010002", date(2019, 3, 1))
    trial.rows.centre(trial.protocol, "OSL")
    Institution.objects.filter(code="OSL").update(country="NO")
    _treated(trial, "OSL", "0101010003", date(2020, 3, 1))
    found = accrual(trial.reader, Asked(), TODAY)
    assert (found.home, found.total, found.abroad) == ("DK", 3, 1)
    assert accrual(trial.reader, Asked(country="NO"), TODAY).total == 1
    assert accrual(trial.reader, Asked(protocol=trial.protocol.pk), TODAY).total == 3
    assert accrual(trial.reader, Asked(group="nobody"), TODAY).total == 0
    ouh = Institution.objects.get(code="OUH").pk
    assert [one.name for one in accrual(trial.reader, Asked(institution=ouh), TODAY).centres] == ["OUH"]


def test_what_stands_in_a_test_protocol_alone_does_not_count(trial: Trial) -> None:
    _treated(trial, "AUH", "0101010001", date(2018, 3, 1))
    trial.protocol.kind = "test"
    trial.protocol.save()
    assert accrual(trial.reader, Asked(), TODAY).total == 0
    assert accrual(trial.reader, Asked(protocol=trial.protocol.pk), TODAY).total == 1


def test_who_has_no_grant_counts_nobody(trial: Trial) -> None:
    _treated(trial, "AUH", "0101010001", date(2018, 3, 1))
    stranger = User.objects.create(username="stranger")
    assert accrual(Reader(stranger, trial.at), Asked(), TODAY).total == 0


def test_r51_summaries_join_years_and_know_no_places(trial: Trial) -> None:
    for number in range(7):
        _treated(trial, "AUH", f"010101000{number}", date(2010 + number, 3, 1))
    _treated(trial, "OUH", "0101010009", date(2020, 3, 1))
    summed = User.objects.create(username="summed")
    trial.rows.grant(summed, "reader", trial.protocol, see=See.SUMMARY, take_out=TakeOut.NONE)
    ouh = Institution.objects.get(code="OUH").pk
    for asked in (Asked(), Asked(institution=ouh)):
        found = accrual(Reader(summed, trial.at), asked, TODAY)
        assert found.is_summary
        assert [one.count for one in found.bins] == [8]
        assert all(one.patients is None for one in found.centres)
