"""What a name stands for, by the rules of a dictionary (R56 to R61).

Comes in: rules, a name as sent, the institution that sent it. Goes out: one structure type, none, or
a conflict that is shown and never guessed. Pure; nothing here knows of tables.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field

from planbank.dicom.patterns import Pattern, folded


@dataclass(frozen=True, slots=True)
class Rule:
    """`entry` stands for `type`, in data from `institution` (None: all institutions)."""

    id: int
    entry: str
    type: int
    institution: int | None = None


@dataclass(frozen=True, slots=True)
class Answer:
    """What a name stands for; `rules`: those that decide it, one or several of one rank.

    `conflict`: the types between which rules of equal rank leave it open; then `type` is None.
    """

    type: int | None = None
    rules: tuple[Rule, ...] = ()
    conflict: tuple[int, ...] = ()

    @property
    def is_unmapped(self) -> bool:
        """Whether no rule says anything."""
        return not self.rules


UNMAPPED = Answer()

Rank = tuple[bool, bool, int]


def rank(rule: Rule, pattern: Pattern) -> Rank:
    """Which of two rules wins (R61): the institution's, then the exact, then the longer."""
    literal = len(pattern.text.strip()) - pattern.text.count("*") - pattern.text.count("?")
    return rule.institution is not None, pattern.is_literal, literal


@dataclass
class Book:
    """The rules of one dictionary, made ready; `answer` is asked once for each name and institution.

    Names are compared as `patterns.normal` has them, without regard to case unless
    `case_sensitive` (R59): inner spaces count. Raises ValueError for an entry that is no pattern.
    """

    rules: Iterable[Rule]
    case_sensitive: bool = False
    _exact: dict[str, list[tuple[Rank, Rule]]] = field(init=False, repr=False)
    _wild: list[tuple[Rank, Rule, Pattern]] = field(init=False, repr=False)
    _known: dict[tuple[str, int], Answer] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        self.rules = tuple(self.rules)
        self._exact, self._wild, self._known = defaultdict(list), [], {}
        for rule in self.rules:
            pattern = Pattern(rule.entry, self.case_sensitive)
            if pattern.is_literal:
                self._exact[folded(rule.entry, self.case_sensitive)].append((rank(rule, pattern), rule))
            else:
                self._wild.append((rank(rule, pattern), rule, pattern))
        self._wild.sort(key=lambda one: one[0], reverse=True)

    def answer(self, name: str, institution: int) -> Answer:
        """What `name` stands for in data from `institution`."""
        key = (name, institution)
        found = self._known.get(key)
        if found is None:
            found = self._known[key] = self._judge(name, institution)
        return found

    def _judge(self, name: str, institution: int) -> Answer:
        plain = folded(name, self.case_sensitive)
        hits = [one for one in self._exact.get(plain, ()) if one[1].institution in (None, institution)]
        best = max((one[0] for one in hits), default=None)
        for its, rule, pattern in self._wild:
            if best is not None and its < best:
                break  # the rest ranks lower still
            if rule.institution in (None, institution) and pattern.matches(name):
                best = its if best is None else max(best, its)
                hits.append((its, rule))
        winners = tuple(rule for its, rule in hits if its == best)
        types = tuple(sorted({rule.type for rule in winners}))
        if not types:
            return UNMAPPED
        return Answer(types[0], winners) if len(types) == 1 else Answer(None, winners, types)
