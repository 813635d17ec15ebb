"""Marks tell nothing without the key, and never meet by chance (model.md, CPR numbers)."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from planbank.erasure.marks import identity_mark, object_mark

KEY, OTHER = b"0" * 32, b"1" * 32
text = st.text(max_size=20)


def test_one_mark_for_one_thing_of_one_institution() -> None:
    mark = object_mark(KEY, "OUH", "1.2.3")
    assert mark == object_mark(KEY, "OUH", "1.2.3") and len(mark) == 64
    assert len({mark, object_mark(KEY, "AUH", "1.2.3"), object_mark(OTHER, "OUH", "1.2.3")}) == 3


@given(st.tuples(text, text, text, text), st.tuples(text, text, text, text))
def test_other_parts_make_another_mark(one: tuple[str, ...], two: tuple[str, ...]) -> None:
    """Also where joined they read alike: each part stands with its length."""
    first = identity_mark(KEY, one[0], (one[1], one[2], one[3]))
    second = identity_mark(KEY, two[0], (two[1], two[2], two[3]))
    assert (first == second) is (one == two)


@given(text, text)
def test_an_object_is_never_taken_for_a_person(institution: str, uid: str) -> None:
    assert object_mark(KEY, institution, uid) != identity_mark(KEY, institution, (uid, "", ""))
