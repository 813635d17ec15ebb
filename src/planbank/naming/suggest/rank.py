"""Structure types in the order in which a name most likely means them (R154).

Comes in: a name as sent, the types, what rules elsewhere say. Goes out: at most a few `Suggestion`s, the
best first, each with its reason. Letters are compared by rapidfuzz; sides, margins, numbers and
kinds of target that contradict each other push a type down, whatever its letters.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import Enum
from functools import cache

from rapidfuzz import fuzz

from planbank.dicom.names import known_names
from planbank.dicom.names.standard import folded
from planbank.naming.suggest.words import Words, read

LEAST = 0.6
MOST = 5


class Why(Enum):
    """What speaks for a suggestion most."""

    LEARNED = "a rule elsewhere says so"
    VOCABULARY = "the name is known"
    MEANING = "the words mean the same"
    LETTERS = "the letters are alike"


@dataclass(frozen=True, slots=True)
class Candidate:
    """A structure type and every name it is known by."""

    type: int
    name: str
    aliases: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Suggestion:
    """A type with how well it fits, 0 to 1. `other_side`: only its side speaks against it."""

    type: int
    score: float
    why: Why
    other_side: bool = False


def candidate(type_: int, name: str, learned: Iterable[str] = ()) -> Candidate:
    """A type with the names that the vocabularies and rules elsewhere know for it."""
    return Candidate(type_, name, (*dict.fromkeys([*_vocabulary(name), *learned]),))


def rank(
    name: str, candidates: Iterable[Candidate], learned: Mapping[str, int] | None = None, most: int = MOST
) -> list[Suggestion]:
    """The types that `name` may mean, best first. `learned`: folded name -> type, of accepted rules."""
    words = read(name)
    told = (learned or {}).get(folded(name))
    found = []
    for one in candidates:
        if one.type == told:
            found.append(Suggestion(one.type, 1.0, Why.LEARNED))
            continue
        best = max((_fit(name, words, alias) for alias in (one.name, *one.aliases)), key=lambda fit: fit[0])
        if best[0] >= LEAST or best[2]:
            found.append(Suggestion(one.type, round(best[0], 3), best[1], best[2]))
    found.sort(key=lambda one: (-one.score, one.type))
    return [one for one in found if one.score >= LEAST][:most]


def contradicts_side(name: str, type_name: str) -> bool:
    """Whether a name says left where the type says right, or the other way (R154)."""
    return {read(name).side, read(type_name).side} == {"L", "R"}


def _fit(name: str, words: Words, alias: str) -> tuple[float, Why, bool]:
    if folded(name) == folded(alias):
        return 1.0, Why.VOCABULARY, False
    other = read(alias)
    score, why = _likeness(words, other)
    for penalty in (
        _sides(words.side, other.side),
        0.5 if words.has_margin != other.has_margin else 1.0,
        0.3 if words.target != other.target else 1.0,
        _numbers(words, other),
        0.85 if words.is_helper and not other.is_helper else 1.0,
    ):
        score *= penalty
    return score, why, {words.side, other.side} == {"L", "R"} and score / 0.3 >= LEAST


def _likeness(words: Words, other: Words) -> tuple[float, Why]:
    """How alike two cores are, without side, margin and number."""
    if words.core == other.core:
        return (0.97, Why.MEANING) if words.core or words.target else (0.0, Why.LETTERS)
    if not words.core or not other.core:
        return (0.75 if words.target and words.target == other.target else 0.0), Why.LETTERS
    if set(words.core) == set(other.core):
        return 0.95, Why.MEANING
    joined = fuzz.ratio(words.joined, other.joined) / 100
    if _short_for(words.joined, other.joined):
        joined = max(joined, 0.86)
    shared = set(words.core) & set(other.core)
    if shared and max(map(len, shared)) > 3:
        part = sum(map(len, shared)) / max(len(words.joined), len(other.joined))
        return max(joined * 0.95, 0.7 + 0.2 * part), Why.MEANING
    sorted_ = fuzz.token_sort_ratio(" ".join(words.core), " ".join(other.core)) / 100
    return max(joined, sorted_) * 0.95, Why.LETTERS


def _short_for(one: str, other: str) -> bool:
    """Whether one begins the other and says enough of it: 'hippoc', 'submandib'."""
    short, long = sorted((one, other), key=len)
    return len(short) >= 4 and long.startswith(short)


def _sides(one: str, other: str) -> float:
    if one == other:
        return 1.0
    if {one, other} == {"L", "R"}:
        return 0.3
    if "B" in (one, other) and "" in (one, other):
        return 0.97
    return 0.8 if "" in (one, other) else 0.5


def _numbers(words: Words, other: Words) -> float:
    """Numbers of targets tell them apart (CTV1, CTV2; doses less so); those of margins and organs hardly."""
    if words.numbers == other.numbers:
        return 1.0
    if not words.target:
        return 0.98 if not words.numbers or not other.numbers else 0.93 if words.has_margin else 0.8
    (place, dose), (its_place, its_dose) = _places(words), _places(other)
    factor = 1.0 if dose == its_dose else 0.7 if dose and its_dose else 0.97
    if place == its_place:
        return factor
    return factor * (0.92 if not (place and its_place) else 0.85 if place[0] == its_place[0] else 0.6)


def _places(words: Words) -> tuple[tuple[str, ...], frozenset[str]]:
    """The numbers of a target that count it, the first of them foremost; and its doses, 20 and more."""
    doses = frozenset(number for number in words.numbers if float(number) >= 20)
    return tuple(number for number in words.numbers if number not in doses), doses


@cache
def _standard() -> dict[str, list[str]]:
    """Standard name, folded -> every name that stands for it."""
    found: dict[str, list[str]] = {}
    for known in known_names():
        found.setdefault(folded(known.stands_for), []).append(known.name)
    return found


def _vocabulary(name: str) -> list[str]:
    """Names the vocabularies know for a type, where its name is one of theirs or means the same."""
    exact = next((known for known in known_names() if folded(known.name) == folded(name)), None)
    if exact is not None:
        return _standard()[folded(exact.stands_for)]
    words = read(name)
    same = {known.stands_for for known in known_names() if read(known.name) == words}
    return _standard()[folded(same.pop())] if len(same) == 1 else []
