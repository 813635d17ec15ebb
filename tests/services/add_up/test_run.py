"""A plan and its boost, added up on one frame of reference, with numbers and reasons (R159)."""

from __future__ import annotations

from copy import deepcopy

import pytest

from planbank.analysis.actions.ruling import choose, set_rule, undo
from planbank.analysis.decide import Part
from planbank.analysis.queries.decided import decided
from planbank.catalogue.models import PlanSet
from planbank.dose.engine import dvh as engine_dvh
from planbank.dose.sampling import field_of
from planbank.dose.sources import open_dose, open_structure_set
from planbank.errors import AnalysisError
from planbank.house import House
from planbank.naming.queries.desk import Desk
from planbank.protocols.actions.adding import add_parts
from planbank.protocols.actions.constraining import Wish, add
from planbank.protocols.models import Verdict
from planbank.protocols.parts import parts_of
from planbank.statistics.line import Line
from planbank.statistics.lines import lines_of
from planbank.statistics.request import asked_for
from planbank.statistics.summary import summary_of
from tests.naming.trial import Trial
from tests.sending import register_sender
from tests.services.running import run_everything
from tests.services.test_order import send, thinned


def lines(trial: Trial) -> list[Line]:
    desk = Desk(trial.reader, trial.protocol)
    return list(lines_of(desk, asked_for(desk.types, [], "Volume, Dmean, D95%, V95%")))


def verdicts(bank: House) -> list[tuple[int, str, str]]:
    """(plan set, state, reason) of what stands once all is judged that is due."""
    run_everything(bank)
    rows = Verdict.objects.order_by("plan_set__sop_instance_uid")
    return list(rows.values_list("plan_set", "state", "reason"))


def test_r159_a_boost_is_added_a_replan_counts_from_its_fraction_and_nothing_is_guessed(bank: House) -> None:
    register_sender()
    objects = [ds for ds in thinned("prostate") if ds.Modality != "CT"]
    by_modality = {ds.Modality: ds for ds in objects}
    plan, dose = by_modality["RTPLAN"], by_modality["RTDOSE"]
    boost, its_dose = deepcopy(plan), deepcopy(dose)
    boost.SOPInstanceUID, boost.RTPlanLabel = f"{plan.SOPInstanceUID}.2", "Boost"
    boost.RTPlanDate = "20991231"
    its_dose.SOPInstanceUID = f"{dose.SOPInstanceUID}.2"
    its_dose.ReferencedRTPlanSequence[0].ReferencedSOPInstanceUID = boost.SOPInstanceUID
    its_dose.DoseGridScaling = float(dose.DoseGridScaling) / 4
    for ds in (*objects, boost, its_dose):
        send(bank, ds)
    trial = Trial.made(bank.clock.now())
    trial.rule("PTV78", "PTV")
    run_everything(bank)
    first = PlanSet.objects.get(sop_instance_uid=plan.SOPInstanceUID)
    second = PlanSet.objects.get(sop_instance_uid=boost.SOPInstanceUID)
    file = first.patient_file
    for grouped in parts_of(PlanSet.objects.filter(pk__in=[first.pk, second.pk])).values():
        add_parts(trial.act, trial.protocol, file, grouped.parts)
    assert {one.plan_set.pk: one.analysis for one in lines(trial)} == {first.pk: "", second.pk: ""}
    add(trial.act, trial.protocol, [Wish("PTV Dmean >= 1 Gy")])
    assert verdicts(bank) == [(first.pk, "met", ""), (second.pk, "met", "")]

    PlanSet.objects.filter(pk__in=[first.pk, second.pk]).update(approval="APPROVED")
    set_rule(trial.act, trial.protocol, "latest approved", None)
    (line,) = lines(trial)
    assert (line.plan_set.pk, line.analysis) == (second.pk, "the latest approved plan")
    assert verdicts(bank) == [(second.pk, "met", "")], "a plan that was replaced is not judged (R151)"

    patient = file.patient_id
    assert patient is not None
    parts = [Part(file.pk, first.sop_instance_uid, 1), Part(file.pk, second.sop_instance_uid)]
    with pytest.raises(AnalysisError):
        choose(trial.act, trial.protocol, patient, parts, " ")
    choose(trial.act, trial.protocol, patient, parts, "replanned after fraction 1")
    (line,) = lines(trial)
    assert "not calculated" in line.flags and "sum of plans" in line.flags
    run_everything(bank)
    (line,) = lines(trial)
    structure_set, grids = open_structure_set(by_modality["RTSTRUCT"]), [open_dose(dose), open_dose(its_dose)]
    share = 1 / first.fractions if first.fractions else 0.0
    (truth,) = engine_dvh(structure_set, field_of(grids, [share, 1.0]), ["PTV78"])
    assert line.values[1].value == pytest.approx(truth.mean_gy, rel=1e-6)
    assert line.fractions == 1 + (second.fractions or 0)
    assert line.prescription_gy == pytest.approx(
        (first.prescription_gy or 0) * share + (second.prescription_gy or 0)
    )
    assert "replanned after fraction 1" in line.analysis
    assert verdicts(bank) == [(first.pk, "met", "")]
    verdict = Verdict.objects.get()
    assert verdict.value == pytest.approx(truth.mean_gy, rel=1e-6), "the constraint speaks of the sum"
    assert verdict.calculation == line.calculation

    bank.clock.at = bank.clock.now().replace(microsecond=7)  # type: ignore[attr-defined]
    undo(trial.act, trial.protocol, patient)
    (line,) = lines(trial)
    assert line.analysis == "the latest approved plan"
    assert verdicts(bank) == [(second.pk, "met", "")]

    standing = trial.protocol.analysis_rules.get(ended_at=None)
    set_rule(trial.act, trial.protocol, "delivered", standing.pk)
    found = decided(trial.protocol)
    assert list(found.open) == [patient]
    nothing = [(pk, "cannot", "needs-choice") for pk in (first.pk, second.pk)]
    assert verdicts(bank) == nothing, "never a pass"
    flagged = lines(trial)
    assert {one.flags[0] for one in flagged} == {"needs choice"} and len(flagged) == 2
    wanted = asked_for([flagged[0].type], [], "Dmean")
    assert summary_of(wanted, flagged, False).left_out == {"needs choice": 2}
