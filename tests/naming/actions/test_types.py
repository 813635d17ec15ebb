"""Structure types: made, changed, retired, made of others (R37, R68)."""

from __future__ import annotations

import pytest

from planbank.errors import NamingError
from planbank.naming.actions.editing import undo
from planbank.naming.actions.types import TypeWish, retire_type, save_type
from planbank.naming.queries.dictionaries import types_of
from tests.naming.trial import Trial


def test_r62_types_stand_a_to_z_without_regard_to_capitals(trial: Trial) -> None:
    for name in ("Spinal Cord", "body", "ctv1", "Brainstem"):
        save_type(trial.act, trial.dictionary, None, TypeWish(name))
    assert [row.name for row in types_of(trial.dictionary)] == ["body", "Brainstem", "ctv1", "Spinal Cord"]


def test_a_name_stands_once(trial: Trial) -> None:
    save_type(trial.act, trial.dictionary, None, TypeWish("Body"))
    with pytest.raises(NamingError):
        save_type(trial.act, trial.dictionary, None, TypeWish(" BODY "))


def test_a_retired_type_takes_its_rules_along_and_undo_brings_both_back(trial: Trial) -> None:
    trial.rule("Medulla", "Cord")
    edition = retire_type(trial.act, trial.dictionary, None, trial.type("Cord"))
    assert (trial.entries(), types_of(trial.dictionary)) == ([], [])
    undo(trial.act, trial.dictionary, edition.number, edition)
    assert trial.entries() == ["Medulla"]
    assert [row.name for row in types_of(trial.dictionary)] == ["Cord"]


def test_a_type_made_of_others(trial: Trial) -> None:
    left = save_type(trial.act, trial.dictionary, None, TypeWish("Lung_L"))
    save_type(trial.act, trial.dictionary, None, TypeWish("Lung_R"))
    both = save_type(trial.act, trial.dictionary, None, TypeWish("Lungs", expression="Lung_L + Lung_R"))
    assert both.expression
    with pytest.raises(NamingError):
        save_type(trial.act, trial.dictionary, None, TypeWish("X", expression="Lung_L + Liver"))
    with pytest.raises(NamingError):
        retire_type(trial.act, trial.dictionary, None, left)
