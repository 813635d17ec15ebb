"""Which rule decides what a name stands for (R56 to R61)."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from planbank.naming.book import Answer, Book, Rule

CORD, STEM, PRV, CTV, CORD_PRV = range(1, 6)
OUH, AUH = 11, 12

# The entries that Figure 4 of the paper shows.
FIGURE_4 = [
    Rule(1, "?pinal cord", CORD),
    Rule(2, "Brainstem", STEM),
    Rule(3, "Brainstem1", STEM),
    Rule(4, "BrainstemPRV", PRV),
    Rule(5, "Brainstem PRV", PRV),
    Rule(6, "CTV 1*", CTV),
    Rule(7, "CTV-66*", CTV),
    Rule(8, "CTV 66/33", CTV),
    Rule(9, "CTV-T (68Gy)", CTV),
    Rule(10, "CTV T", CTV),
]
# R60: the fixed table.
ANSWERS = [
    ("Spinal cord", CORD),
    ("spinal cord", CORD),
    ("Brainstem1", STEM),
    ("BrainstemPRV", PRV),
    ("CTV 1", CTV),
    ("CTV 1 boost", CTV),
    ("CTV-66", CTV),
    ("CTV-66Gy", CTV),
    ("CTV 66/33", CTV),
    ("CTV-T (68Gy)", CTV),
    ("CTV-T (70Gy)", None),
    ("CTV T", CTV),
    ("CTV TT", None),
    ("CTV1", None),
]


@pytest.mark.parametrize("case_sensitive", [False, True])
@pytest.mark.parametrize(("name", "type_"), ANSWERS)
def test_r60_figure_4(name: str, type_: int | None, case_sensitive: bool) -> None:
    assert Book(FIGURE_4, case_sensitive).answer(name, OUH).type == type_


def test_r58_a_name_without_wildcard_is_the_whole_name() -> None:
    book = Book([Rule(1, "Brainstem", STEM)])
    assert book.answer("Brainstem PRV", OUH).is_unmapped
    assert book.answer(" brainstem ", OUH).type == STEM
    assert book.answer("Brain stem", OUH).is_unmapped


@pytest.mark.parametrize("entry", ["CTV[1]", "a.b", "x^y", "(a|b)", "50%", "a_b", "it's", "back\\slash", "+"])
def test_r57_all_else_is_literal(entry: str) -> None:
    book = Book([Rule(1, entry, CTV)])
    assert book.answer(entry, OUH).type == CTV
    assert book.answer(entry.replace(entry[-1], "Q"), OUH).is_unmapped
    assert book.answer("CTV1", OUH).is_unmapped


def test_r61_an_institutions_rule_beats_all_then_exact_then_longer() -> None:
    rules = [
        Rule(1, "*", PRV),
        Rule(2, "Med*", STEM),
        Rule(3, "Medulla", CORD),
        Rule(4, "M*", CTV, OUH),
    ]
    book = Book(rules)
    assert book.answer("Medulla", OUH).type == CTV
    assert book.answer("Medulla", AUH).type == CORD
    assert book.answer("Medulla 2", AUH).type == STEM
    assert book.answer("Lens", AUH).type == PRV


def test_r61_two_types_at_equal_rank_are_a_conflict_and_two_rules_for_one_type_are_not() -> None:
    first, second, third = Rule(1, "Med*", CORD), Rule(2, "*lla", STEM), Rule(3, "*ula", CORD)
    assert Book([first, second]).answer("Medulla", OUH) == Answer(None, (first, second), (CORD, STEM))
    assert Book([first, third]).answer("Medula", OUH).type == CORD


def test_hostile_entries_come_to_an_end() -> None:
    """R57: `*a*a*a...` in linear time; a matcher that goes back would need years."""
    hostile = Book([Rule(n, "*a" * 60 + f"b{n}", CTV) for n in range(200)])
    assert hostile.answer("a" * 64, OUH).is_unmapped


NAMES = st.text(alphabet="abAB ?*(", min_size=1, max_size=6).filter(str.strip)
RULES = st.lists(
    st.tuples(NAMES, st.sampled_from([CORD, STEM]), st.sampled_from([None, OUH, AUH])), max_size=6
).map(lambda rows: [Rule(n, *row) for n, row in enumerate(rows)])


@given(RULES, NAMES, st.booleans())
def test_the_answer_is_that_of_trying_every_rule_at_its_rank(
    rules: list[Rule], name: str, case_sensitive: bool
) -> None:
    hits = [rule for rule in rules if rule.institution in (None, OUH) and _fits(rule, name, case_sensitive)]
    best = max((_rank(rule) for rule in hits), default=None)
    types = {rule.type for rule in hits if _rank(rule) == best}
    answer = Book(rules, case_sensitive).answer(name, OUH)
    assert set(answer.conflict or ((answer.type,) if answer.type else ())) == types
    assert {rule.id for rule in answer.rules} == {rule.id for rule in hits if _rank(rule) == best}


def _rank(rule: Rule) -> tuple[bool, bool, int]:
    entry = rule.entry.strip()
    literal = [c for c in entry if c not in "*?"]
    return rule.institution is not None, len(literal) == len(entry), len(literal)


def _fits(rule: Rule, name: str, case_sensitive: bool) -> bool:
    def go(pattern: str, text: str) -> bool:
        if not pattern:
            return not text
        if pattern[0] == "*":
            return any(go(pattern[1:], text[k:]) for k in range(len(text) + 1))
        return bool(text) and pattern[0] in ("?", text[0]) and go(pattern[1:], text[1:])

    entry, name = rule.entry.strip(), name.strip()
    return go(entry, name) if case_sensitive else go(entry.casefold(), name.casefold())
