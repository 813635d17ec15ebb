"""Derived types and ROIs taken together: on geometry, stored, anew when the dictionary changes (R64, R76)."""

from __future__ import annotations

import pytest

from planbank.catalogue.models import PlanSet
from planbank.dose import dvh
from planbank.house import House
from planbank.naming.actions.choosing import Place, choose
from planbank.naming.actions.editing import Line as RuleLine
from planbank.naming.actions.editing import change_rules, undo
from planbank.naming.actions.types import TypeWish, save_type
from planbank.naming.models import Choice, DerivedDvh
from planbank.naming.queries.desk import Desk
from planbank.naming.queries.dictionaries import dictionary_of
from planbank.protocols.actions.adding import add_parts
from planbank.protocols.actions.reusing import approve
from planbank.protocols.parts import parts_of
from planbank.reach.rows import Reader
from planbank.statistics.line import Line
from planbank.statistics.lines import lines_of
from planbank.statistics.request import asked_for
from planbank.statistics.summary import summary_of
from tests.naming.trial import Trial
from tests.sending import register_sender
from tests.services.running import run_everything
from tests.services.test_order import send, thinned


def lines(trial: Trial, name: str) -> list[Line]:
    desk = Desk(trial.reader, trial.protocol)
    return [
        one for one in lines_of(desk, asked_for(desk.types, [], "Volume, Dmean")) if one.type.name == name
    ]


def made(trial: Trial, name: str, expression: str) -> None:
    trial.dictionary.refresh_from_db()
    save_type(trial.act, trial.dictionary, trial.dictionary.edition, TypeWish(name, expression=expression))


def test_r64_what_nobody_drew_is_calculated_and_says_what_it_is_made_of(bank: House) -> None:
    register_sender()
    objects = [ds for ds in thinned("prostate") if ds.Modality != "CT"]
    for ds in objects:
        send(bank, ds)
    trial = Trial.made(bank.clock.now())
    for entry, name in (
        ("Rectum", "Rectum"),
        ("Caput*", "Femur"),
        ("PTV78", "PTV"),
        ("Prostata", "Prostate"),
    ):
        trial.rule(entry, name)
    trial.type("Bladder")
    run_everything(bank)
    plan_set = PlanSet.objects.get(kind="plan")
    ((_pk, grouped),) = parts_of(PlanSet.objects.filter(pk=plan_set.pk)).items()
    add_parts(trial.act, trial.protocol, plan_set.patient_file, grouped.parts)
    made(trial, "Rectum outside", "Rectum - PTV")
    made(trial, "Both", "Bladder + Rectum")
    run_everything(bank)

    (structure_set,) = [ds for ds in objects if ds.Modality == "RTSTRUCT"]
    (dose,) = [ds for ds in objects if ds.Modality == "RTDOSE"]
    wanted = {"outside": "Rectum - PTV78", "heads": "'Caput femoris dxt' + 'Caput femoris sin'"}
    truth = {one.name: one for one in dvh(structure_set, dose, derive=wanted)}
    (line,) = lines(trial, "Rectum outside")
    assert line.roi == "Rectum + PTV78" and "derived" in line.flags
    assert line.made_of.startswith("Rectum - PTV (dictionary edition ")
    for value, metric in zip(line.values, ("Volume", "Dmean"), strict=True):
        assert value.value == pytest.approx(truth["outside"].metric(metric).value, rel=1e-9)

    (lack,) = lines(trial, "Both")
    assert (lack.flags, lack.why_not) == (("derived", "cannot calculate"), "Not found in this plan: Bladder.")
    assert summary_of(asked_for([lack.type], [], ""), [lack], False).left_out == {"cannot calculate": 1}

    assert ["multiple" in one.flags for one in lines(trial, "Femur")] == [True, True]
    kind = trial.type("Femur")
    place = Place(plan_set.patient_file, str(structure_set.SOPInstanceUID), kind)
    edition = choose(trial.act, trial.dictionary, place, Choice.Verdict.UNION)
    assert [one.flags for one in lines(trial, "Femur")] == [("union", "by hand", "not calculated")]
    run_everything(bank)
    (union,) = lines(trial, "Femur")
    assert union.values[0].value == pytest.approx(truth["heads"].metric("Volume").value, rel=1e-9)
    undo(trial.act, trial.dictionary, trial.dictionary.edition, edition)
    assert len(lines(trial, "Femur")) == 2

    # Another rule for a part is another structure; the first DVH stays, and is there again when it is undone.
    trial.rule("PTV66", "Lymph nodes")
    edition = trial.rule("PTV78", "Lymph nodes", "OUH")
    (gone,) = lines(trial, "Rectum outside")
    assert gone.why_not == "Not found in this plan: PTV."
    undo(trial.act, trial.dictionary, trial.dictionary.edition, edition)
    assert lines(trial, "Rectum outside")[0].values[0].value == line.values[0].value
    before = DerivedDvh.objects.count()
    run_everything(bank)
    assert DerivedDvh.objects.count() == before, "nothing is calculated twice"


def test_r207_what_a_project_makes_of_structures_is_calculated_once_it_may_use_them(bank: House) -> None:
    register_sender()
    for ds in (ds for ds in thinned("prostate") if ds.Modality != "CT"):
        send(bank, ds)
    run_everything(bank)
    trial = Trial.made(bank.clock.now())
    plan_set = PlanSet.objects.get(kind="plan")
    ((_pk, grouped),) = parts_of(PlanSet.objects.filter(pk=plan_set.pk)).items()
    add_parts(trial.act, trial.protocol, plan_set.patient_file, grouped.parts)
    project = trial.rows.project("HEART")
    names = dictionary_of(project)
    for entry, name in (("Rectum", "Rectum"), ("PTV78", "PTV")):
        kind = save_type(trial.act, names, None, TypeWish(name))
        change_rules(trial.act, names, None, [RuleLine(entry, kind.pk)])
    both = save_type(trial.act, names, None, TypeWish("Both", expression="Rectum + PTV"))
    run_everything(bank)
    assert not DerivedDvh.objects.exists()
    asked = trial.rows.reuse(project, trial.protocol, state="asked", decided_at=None)
    approve(trial.act, asked, asked.revision, "as agreed")
    run_everything(bank)
    made_now = DerivedDvh.objects.filter(structure_type=both)
    assert made_now.exists() and {row.edition for row in made_now} == {names.edition}
    desk = Desk(Reader(trial.key_user_of(project), trial.at), project)
    assert [one.values[0].value is not None for one in lines_of(desk, asked_for([both], [], "Volume"))] == [
        True
    ]
    assert not trial.protocol.structure_types.filter(name="Both").exists()
