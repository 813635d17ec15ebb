"""A name of a structure, read: what it is, which side, margin, number, dose.

Comes in: a name as a planner wrote it ('Parotis_Sin', 'PRV Medulla +5mm', 'CTV-T (68Gy)'). Goes out:
`Words`. Latin, English and Danish as they are written in Danish clinics, in any capitals and joints.
"""

from __future__ import annotations

import csv
import re
from dataclasses import dataclass
from functools import cache, lru_cache
from importlib.resources import files

from rapidfuzz import fuzz, process

from planbank.dicom.patterns import normal


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


LEFT = _words("l lt left links venstre ve vens sin sn sinister sinistra sinistrum lft")
RIGHT = _words("r rt right rechts højre hoejre hø hoe hoej dx dxt dext dexter dextra dextrum rgt")
BOTH = _words("b bil bilat bilateral both begge beg tot total")
# Sides only as the last word: 'v' may be a vein and 'h' anything elsewhere.
LAST_LEFT, LAST_RIGHT = frozenset({"v", "s"}), frozenset({"h", "d"})
MARGINS = frozenset({"prv", "margin", "mm", "margen", "exp", "expanded", "ext"})
HELPERS = _words(
    "z zz zzz x opt ring dummy help hjælp hjaelp avoid avoidance temp tmp old copy kopi test "
    "art artefact artifact push helper struct shell minus sub crop cropped eval ny"
)
FILLERS = _words("glnd gland the of og i en n a gl glandula glandulae arteria nervus musc m bone lobe")
TARGETS = frozenset({"gtv", "ctv", "ptv", "itv", "igtv", "ictv"})
PARTS = {"t": "p", "tumor": "p", "primary": "p", "primær": "p", "nodal": "n", "node": "n", "nodes": "n"}
"""Short words for what a target is of, as TG-263 has them (section 6)."""
_PARTS = re.compile(r"[^\W\d_]+|\d+(?:[.,]\d+)?")
MISSPELT = 84
"""Likeness (per cent) from which an unknown word counts as a misspelt known one."""
_CAMEL = re.compile(r"(?<=[a-zæøå])(?=[A-ZÆØÅ])|(?<=[A-ZÆØÅ])(?=[A-ZÆØÅ][a-zæøå]{2})")
_GLUED = re.compile(r"(gtv|ctv|ptv|itv|prv)([a-z]{1,3})?", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Words:
    """What a name says. `core`: its meaning in roots of the lexicon, in order; `side`: L, R, B or ''."""

    core: tuple[str, ...]
    side: str = ""
    target: str = ""
    has_margin: bool = False
    is_helper: bool = False
    numbers: tuple[str, ...] = ()

    @property
    def joined(self) -> str:
        """The core as one word."""
        return "".join(self.core)


@cache
def lexicon() -> dict[str, str]:
    """Word -> root: what is written together and what it means."""
    text = files(__package__).joinpath("lexicon.csv").read_text("utf-8")
    return {row["word"]: row["root"] for row in csv.DictReader(text.splitlines())}


@lru_cache(maxsize=20_000)
def read(name: str) -> Words:
    """Read a name."""
    tokens = [part.lower() for part in _PARTS.findall(_CAMEL.sub(" ", normal(name)))]
    side, target, margin, helper = "", "", False, False
    numbers: list[str] = []
    core: list[str] = []
    for place, token in enumerate(tokens):
        is_last = place == len(tokens) - 1
        glued = _GLUED.fullmatch(token)
        if token[0].isdigit():
            numbers.append(token.replace(",", "."))
        elif found := _side(token, is_last and place > 0, len(tokens)):
            side = "B" if side and side != found else found
        elif token in MARGINS:
            margin = True
        elif token in HELPERS and len(tokens) > 1:
            helper = True
        elif glued and glued[1] != "prv" and not target:
            target = glued[1]
            core += [glued[2]] if glued[2] else []
        elif token not in ("gy", "cgy") and (target or token not in FILLERS or len(tokens) == 1):
            core.append(token)
    if target:
        return Words(tuple(PARTS.get(t, t) for t in core), side, target, margin, helper, tuple(numbers))
    if not side and len(core) == 1 and core[0] not in lexicon():
        side, core[0] = _glued_side(core[0])
    roots = _roots(core)
    return Words(roots, side, target, margin, helper, tuple(numbers))


def _side(token: str, is_last: bool, count: int) -> str:
    if count == 1:
        return ""
    if token in LEFT or (is_last and token in LAST_LEFT):
        return "L"
    if token in RIGHT or (is_last and token in LAST_RIGHT):
        return "R"
    return "B" if token in BOTH else ""


def _roots(tokens: list[str]) -> tuple[str, ...]:
    """Words put together as far as the lexicon knows them: 'spinal cord' is one."""
    known = lexicon()
    found: list[str] = []
    place = 0
    while place < len(tokens):
        for length in (4, 3, 2, 1):
            root = known.get("".join(tokens[place : place + length]))
            if root and place + length <= len(tokens):
                found.append(root)
                place += length
                break
        else:
            rest = tokens[place:]
            whole = _nearly("".join(rest)) if len(rest) > 1 else ""
            found.append(whole or _nearly(tokens[place]) or tokens[place])
            place += len(rest) if whole else 1
    return tuple(found)


def _glued_side(token: str) -> tuple[str, str]:
    """'lparotid' and 'lungr': a known word with a side at one end."""
    for side, rest in ((token[0], token[1:]), (token[-1], token[:-1])):
        if side in "lr" and rest in lexicon():
            return side.upper(), rest
    return "", token


@lru_cache(maxsize=20_000)
def _nearly(word: str) -> str:
    """The root of the one word that begins so, or is written nearly so; '' where there is none."""
    known = lexicon()
    if len(word) >= 5:
        begun = {root for one, root in known.items() if one.startswith(word)}
        if len(begun) == 1:
            return begun.pop()
    if len(word) < 4:
        return ""
    choices = process.extractOne(word, list(known), scorer=fuzz.ratio, score_cutoff=MISSPELT)
    return known[choices[0]] if choices else ""
