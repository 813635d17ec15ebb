"""Templates carry dictionary and rule of plans for analysis, and replace nothing (R67, R149, R159)."""

from __future__ import annotations

from datetime import datetime, timedelta

from planbank.analysis.actions.ruling import set_rule
from planbank.analysis.queries.decided import rule_of
from planbank.house import House
from planbank.naming.actions.editing import Line, change_rules
from planbank.naming.models import DictionaryRule
from planbank.naming.queries.dictionaries import dictionary_of
from planbank.protocols.act import Act
from planbank.protocols.actions.templating import make_template, use_template
from planbank.protocols.models import Protocol
from tests.protocols.rows import ProtocolRows

PARTS = ["structure types", "dictionary", "analysis rule"]


def rules(protocol: Protocol) -> set[tuple[str, str, str | None]]:
    rows = DictionaryRule.objects.filter(dictionary__protocol=protocol, ended_in__isnull=True)
    return set(rows.values_list("entry", "structure_type__name", "institution__code"))


def test_rules_that_fit_come_and_those_here_stay(bank: House, now: datetime) -> None:
    rows, act = ProtocolRows(now - timedelta(days=1)), Act.of_command("test", now)
    old, new = rows.protocol("OLD"), rows.protocol("NEW")
    for protocol, codes in ((old, ("AUH", "OUH")), (new, ("OUH",))):
        for code in codes:
            rows.centre(protocol, code)
    heart, cord = (old.structure_types.create(name=name) for name in ("Heart", "SpinalCord"))
    lines = [
        *(Line("Hjerte*", heart.pk), Line("cor", heart.pk), Line("Medulla", cord.pk)),
        *(Line("H1", heart.pk, rows.institution("AUH").pk), Line("H2", heart.pk, rows.institution("OUH").pk)),
    ]
    change_rules(act, dictionary_of(old), None, lines)
    set_rule(act, old, "latest approved", None)
    template = make_template(act, old, "Breast", PARTS)
    mine = new.structure_types.create(name="Lung")
    change_rules(act, dictionary_of(new), None, [Line("COR", mine.pk)])

    made = use_template(act, template, new)
    assert made == {"structure types": 2, "dictionary": 3, "analysis rule": 1}
    assert rules(new) == {
        *(("COR", "Lung", None), ("Hjerte*", "Heart", None)),
        *(("Medulla", "SpinalCord", None), ("H2", "Heart", "OUH")),
    }
    standing = rule_of(new)
    assert standing is not None and standing.kind == "latest approved"
    assert dictionary_of(new).edition == 2, "all of it is one edition, which can be undone"
    assert set(use_template(act, template, new).values()) == {0}, "twice is once"
    assert dictionary_of(new).edition == 2


def test_a_rule_that_was_set_here_stays(bank: House, now: datetime) -> None:
    rows, act = ProtocolRows(now), Act.of_command("test", now)
    old, new = rows.protocol("OLD"), rows.protocol("NEW")
    set_rule(act, old, "latest", None)
    set_rule(act, new, "delivered", None)
    assert use_template(act, make_template(act, old, "X", ["analysis rule"]), new) == {"analysis rule": 0}
    standing = rule_of(new)
    assert standing is not None and standing.kind == "delivered"


def test_what_is_no_rule_is_passed_over(bank: House, now: datetime) -> None:
    """A template of another version, or one that somebody wrote by hand."""
    rows, act = ProtocolRows(now), Act.of_command("test", now)
    old, new = rows.protocol("OLD"), rows.protocol("NEW")
    old.structure_types.create(name="Heart")
    template = make_template(act, old, "X", PARTS)
    template.content["dictionary"] = [
        *({}, {"entry": "a"}, {"entry": "", "type": "Heart"}, {"entry": "b", "type": "Nothing"}),
        {"entry": "c", "type": "Heart", "institution": "NOWHERE"},
        *({"entry": "d" * 300, "type": "Heart"}, {"entry": "Cor", "type": "Heart"}),
    ]
    template.content["analysis rule"] = [{"kind": "whatever"}]
    made = use_template(act, template, new)
    assert made == {"structure types": 1, "dictionary": 1, "analysis rule": 0}
    assert rules(new) == {("Cor", "Heart", None)}, "what fits comes"
