"""The rule that would say it: as general as is safe (R154).

Comes in: a name, the type it stands for, the plan sets, the book. Goes out: the widest entry that
matches more of what means the same and breaks nothing: no plan doubled, no conflict, nothing moved, and
every name it catches would itself be suggested for that type first.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from planbank.dicom.patterns import normal
from planbank.naming.book import Book, Rule
from planbank.naming.preview import Preview, Sheet, What, compare, with_rule


@dataclass(frozen=True)
class SafeEntry:
    """An entry and what it would do."""

    rule: Rule
    preview: Preview


def safe_entry(
    name: str,
    type_: int,
    sheets: Sequence[Sheet],
    book: Book,
    means: Callable[[str], int | None],
    institution: int | None = None,
) -> SafeEntry:
    """The most general safe rule for `name`; `means`: the type a name most likely means.

    The name itself, exactly, where nothing wider is safe or catches more.
    """
    exact = Rule(0, normal(name), type_, institution)
    best = SafeEntry(exact, compare(sheets, book, with_rule(book, exact)))
    for entry in _wider(exact.entry):
        rule = Rule(0, entry, type_, institution)
        found = compare(sheets, book, with_rule(book, rule))
        caught = {effect.name for effect in found.effects if effect.what is What.NEW}
        more = found.total(What.NEW) > best.preview.total(What.NEW)
        if more and found.is_safe and all(means(one) == type_ for one in caught):
            best = SafeEntry(rule, found)
    return best


def _wider(name: str) -> list[str]:
    """Entries that catch more: an end left open, joints of any kind, a number of any value."""
    joints = "".join("?" if letter in " _-." else letter for letter in name)
    digits = "".join("?" if letter.isdigit() else letter for letter in name)
    words = name.replace("_", " ").replace("-", " ").split()
    found = [joints, digits, f"{name}*", f"{joints}*", f"*{name}", f"*{name}*"]
    if len(words) > 1 and len(words[0]) >= 4:
        found.append(f"{words[0]}*{words[-1]}")
        found.append(f"{words[0]}*")
    return [one for one in dict.fromkeys(found) if one != name and one.strip("*? ")]
