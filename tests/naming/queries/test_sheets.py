"""Plan sets with the ROIs that count, and the matrix over them (R62, R63, R66)."""

from __future__ import annotations

from planbank.naming.actions.choosing import Place, choose, let_rules_decide
from planbank.naming.matrix import Matrix, matrix_of
from planbank.naming.models import Choice
from planbank.naming.queries.books import book_of, choices_of
from planbank.naming.queries.sheets import plan_sets_of, rows_of
from planbank.protocols.models import Trigger
from tests.naming.trial import Trial


def _matrix(trial: Trial, *types: str) -> Matrix:
    rows = rows_of(plan_sets_of(trial.reader, trial.dictionary), trial.dictionary)
    keys = [trial.type(name).pk for name in types]
    return matrix_of(rows, book_of(trial.dictionary), choices_of(trial.dictionary), keys)


def test_r62_none_one_and_two(trial: Trial) -> None:
    trial.rule("Medulla*", "Cord")
    trial.rule("Body", "Body")
    trial.plan("AUH", "0101010001", "Medulla", "Medulla PRV")
    trial.plan("OUH", "0101010002", "Medulla", "body", "Couch")
    matrix = _matrix(trial, "Body", "Cord")
    counts = [[row.cell(type_).count for type_ in matrix.types] for row in matrix.rows]
    assert sorted(counts) == [[0, 2], [1, 1]]
    assert (matrix.patients, matrix.gaps) == (2, 1)
    assert [matrix.found[type_] for type_ in matrix.types] == [1, 2]
    assert [matrix.has_double(row) for row in matrix.rows].count(True) == 1


def test_r66_empty_and_trigger_rois_do_not_count(trial: Trial) -> None:
    trial.rule("*", "Anything")
    Trigger.objects.create(protocol=trial.protocol, name="in", roi_name="HN_19", changed_at=trial.at)
    trial.plan("AUH", "0101010001", "(Medulla)", "(HN_19)", "hn_19", "Couch")
    row = _matrix(trial, "Anything").rows[0].row
    assert [roi.name for roi in row.rois] == ["Couch"]
    assert [roi.name for roi in row.left_out] == ["Medulla"]


def test_plans_of_other_protocols_and_institutions_are_not_there(trial: Trial) -> None:
    trial.plan("AUH", "0101010001", "Medulla")
    trial.rows.whole_plan("VLE", "0101010009")
    assert len(_matrix(trial).rows) == 1


def test_r63_r64_a_choice_for_one_plan_and_its_end(trial: Trial) -> None:
    trial.rule("Medulla*", "Cord")
    plan_set = trial.plan("AUH", "0101010001", "Medulla", "Medulla 2", "Couch")
    uid = plan_set.members.get(role="structure set").instance.sop_instance_uid
    place = Place(plan_set.patient_file, uid, trial.type("Cord"))

    def cord() -> tuple[int, list[str]]:
        cell = _matrix(trial, "Cord").rows[0].cell(trial.type("Cord").pk)
        return cell.count, [roi.name for roi in cell.rois]

    assert cord() == (2, ["Medulla", "Medulla 2"])
    choose(trial.act, trial.dictionary, place, Choice.Verdict.UNION)
    assert cord() == (1, ["Medulla", "Medulla 2"])
    choose(trial.act, trial.dictionary, place, Choice.Verdict.USE, 3, "Couch")
    assert cord() == (1, ["Couch"])
    let_rules_decide(trial.act, trial.dictionary, place)
    choose(trial.act, trial.dictionary, place, Choice.Verdict.EXCLUDE, 2, "Medulla 2")
    assert cord() == (1, ["Medulla"])


def test_rows_cost_the_same_number_of_queries_however_many(
    trial: Trial, django_assert_max_num_queries: object
) -> None:
    for n in range(4):
        trial.plan("AUH", f"010101000{n}", "Medulla")
    rows = plan_sets_of(trial.reader, trial.dictionary)
    with django_assert_max_num_queries(4):  # type: ignore[operator]
        assert len(rows_of(rows, trial.dictionary)) == 4
