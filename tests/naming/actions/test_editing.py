"""Changing a dictionary: editions, undoing, two people at once (R56, R61, R67)."""

from __future__ import annotations

import pytest

from planbank.errors import ChangedMeanwhile, NamingError
from planbank.journal.models import Entry
from planbank.naming.actions.editing import Line, change_rules, set_case, undo
from planbank.naming.queries.books import book_of, edition_at
from tests.naming.trial import Trial


def test_r67_every_change_is_an_edition_with_who_and_when(trial: Trial) -> None:
    edition = trial.rule("Medulla*", "Cord")
    assert (edition.number, edition.by, edition.at) == (1, trial.user, trial.at)
    assert edition.params == {"added": 1, "ended": 0}
    assert Entry.objects.filter(action="dictionary changed").count() == 1


def test_r67_undo_and_undoing_the_undo(trial: Trial) -> None:
    first = trial.rule("Medulla", "Cord")
    rule = trial.dictionary.rules.get()
    change_rules(trial.act, trial.dictionary, 1, [Line("Rygmarv", trial.type("Cord").pk)], [rule.pk])
    second = trial.dictionary.editions.get(number=2)
    assert trial.entries() == ["Rygmarv"]
    third = undo(trial.act, trial.dictionary, 2, second)
    assert trial.entries() == ["Medulla"]
    undo(trial.act, trial.dictionary, 3, third)
    assert trial.entries() == ["Rygmarv"]
    undo(trial.act, trial.dictionary, 4, first)
    assert trial.entries() == ["Rygmarv"]


def test_r209_what_it_said_on_a_day_can_be_had(trial: Trial) -> None:
    trial.rule("Medulla", "Cord")
    trial.rule("Rygmarv", "Cord")
    change_rules(trial.act, trial.dictionary, 2, end=[trial.dictionary.rules.get(entry="Medulla").pk])
    assert [rule.entry for rule in book_of(trial.dictionary, 2).rules] == ["Medulla", "Rygmarv"]
    assert [rule.entry for rule in book_of(trial.dictionary).rules] == ["Rygmarv"]
    assert book_of(trial.dictionary, 0).rules == ()
    assert edition_at(trial.dictionary, trial.at) == 3


def test_two_people_at_once_the_second_is_told(trial: Trial) -> None:
    trial.rule("Medulla", "Cord")
    with pytest.raises(ChangedMeanwhile):
        change_rules(trial.act, trial.dictionary, 0, [Line("Rygmarv", trial.type("Cord").pk)])
    assert trial.entries() == ["Medulla"]


def test_a_rule_ended_twice_is_told(trial: Trial) -> None:
    trial.rule("Medulla", "Cord")
    pk = trial.dictionary.rules.get().pk
    change_rules(trial.act, trial.dictionary, 1, end=[pk])
    with pytest.raises(ChangedMeanwhile):
        change_rules(trial.act, trial.dictionary, 2, end=[pk])


def test_the_same_line_twice_is_one_rule(trial: Trial) -> None:
    trial.rule("Medulla", "Cord")
    trial.rule(" Medulla ", "Cord")
    assert trial.entries() == ["Medulla"]


@pytest.mark.parametrize("entry", ["", "   ", "x" * 257])
def test_an_entry_that_is_no_pattern_is_refused_whole(trial: Trial, entry: str) -> None:
    good = Line("Medulla", trial.type("Cord").pk)
    with pytest.raises(NamingError):
        change_rules(trial.act, trial.dictionary, 0, [good, Line(entry, trial.type("Cord").pk)])
    trial.dictionary.refresh_from_db()
    assert (trial.entries(), trial.dictionary.edition) == ([], 0)


def test_forged_types_and_institutions_are_refused(trial: Trial) -> None:
    other = trial.rows.protocol("OTHER")
    foreign = other.structure_types.create(name="Cord")
    for line in (
        Line("Medulla", foreign.pk),
        Line("Medulla", 10**6),
        Line("Medulla", trial.type("Cord").pk, trial.rows.institution("VLE").pk),
        Line("Medulla", trial.type("Both", expression="Cord + Stem").pk),
    ):
        with pytest.raises(NamingError):
            change_rules(trial.act, trial.dictionary, 0, [line])


def test_r59_capitals_count_where_the_protocol_says_so(trial: Trial) -> None:
    trial.rule("medulla", "Cord")
    institution = trial.rows.institution("AUH").pk
    assert book_of(trial.dictionary).answer("MEDULLA", institution).type
    edition = set_case(trial.act, trial.dictionary, 1, True)
    assert book_of(trial.dictionary).answer("MEDULLA", institution).is_unmapped
    assert book_of(trial.dictionary, 1).answer("MEDULLA", institution).type
    undo(trial.act, trial.dictionary, 2, edition)
    assert not trial.dictionary.case_sensitive
