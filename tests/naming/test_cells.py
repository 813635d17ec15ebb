"""Which ROIs of a structure set stand for which types, and what people chose (R62 to R66)."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from planbank.naming.book import Book, Rule
from planbank.naming.cells import Chosen, Named, Verdict, read

CORD, BODY = 1, 2
AUH = 12
BOOK = Book(
    [Rule(1, "Medulla*", CORD), Rule(2, "Body", BODY), Rule(3, "*lens", CORD), Rule(4, "eye *", BODY)]
)
ROIS = [Named(1, "Medulla"), Named(2, "Medulla 2"), Named(3, "Body"), Named(4, "Couch"), Named(5, "eye lens")]


def test_r62_none_one_and_several() -> None:
    reading = read(ROIS, BOOK, AUH)
    assert reading.cells[CORD].count == 2
    assert reading.cells[CORD].is_multiple
    assert reading.cells[BODY].rois == (ROIS[2],)
    assert [roi.name for roi in reading.unmapped] == ["Couch"]
    assert [(roi.name, answer.conflict) for roi, answer in reading.conflicts] == [("eye lens", (CORD, BODY))]


def test_r64_one_is_chosen() -> None:
    cell = read(ROIS, BOOK, AUH, [Chosen(Verdict.USE, CORD, 2, "Medulla 2")]).cells[CORD]
    assert (cell.rois, cell.count, cell.by_hand, cell.lost) == ((ROIS[1],), 1, True, False)


def test_r63_a_name_no_rule_knows_is_used_in_this_plan_only() -> None:
    reading = read(ROIS, Book([]), AUH, [Chosen(Verdict.USE, BODY, 4, "Couch")])
    assert reading.cells[BODY].rois == (ROIS[3],)
    assert ROIS[3] not in reading.unmapped


def test_r63_one_is_excluded() -> None:
    assert read(ROIS, BOOK, AUH, [Chosen(Verdict.EXCLUDE, BODY, 3, "Body")]).cells[BODY].count == 0


def test_r64_a_union_counts_once() -> None:
    cell = read(ROIS, BOOK, AUH, [Chosen(Verdict.UNION, CORD)]).cells[CORD]
    assert (cell.count, len(cell.rois), cell.is_union) == (1, 2, True)


def test_a_choice_whose_roi_has_gone_falls_back_to_the_rules_and_says_so() -> None:
    cell = read(ROIS, BOOK, AUH, [Chosen(Verdict.USE, BODY, 3, "BODY old")]).cells[BODY]
    assert cell.lost
    assert cell.rois == (ROIS[2],)


@given(st.lists(st.sampled_from(["Medulla", "Medulla x", "Body", "Couch", "eye lens", ""]), max_size=9))
def test_every_roi_is_somewhere_exactly_once(names: list[str]) -> None:
    rois = [Named(n, name) for n, name in enumerate(names)]
    reading = read(rois, BOOK, AUH)
    found = [roi for cell in reading.cells.values() for roi in cell.rois]
    found += [*reading.unmapped, *(roi for roi, _ in reading.conflicts)]
    assert sorted(found) == rois
