"""The most general rule that is safe (R154)."""

from __future__ import annotations

from planbank.naming.book import Book, Rule
from planbank.naming.cells import Named
from planbank.naming.preview import Sheet
from planbank.naming.suggest.entry import safe_entry

CORD, PRV = 1, 2
AUH = 11


def _means(name: str) -> int | None:
    return PRV if "PRV" in name else CORD if "ord" in name else None


def _sheets(*plans: tuple[str, ...]) -> list[Sheet]:
    return [Sheet(n, AUH, tuple(Named(k, x) for k, x in enumerate(its))) for n, its in enumerate(plans)]


def test_the_widest_that_catches_only_its_own() -> None:
    sheets = _sheets(("Spinal cord",), ("Spinal cord 2",), ("Spinal_cord",), ("Couch",))
    found = safe_entry("Spinal cord", CORD, sheets, Book([]), _means)
    assert found.preview.is_safe
    assert found.rule.entry in ("Spinal?cord*", "Spinal*cord*", "Spinal*")


def test_never_what_means_another_type_or_doubles_a_plan() -> None:
    sheets = _sheets(("Spinal cord", "Spinal cord PRV"), ("Spinal cord", "Spinal cord old"))
    found = safe_entry("Spinal cord", CORD, sheets, Book([Rule(9, "x", PRV)]), _means)
    assert found.rule.entry == "Spinal cord"
