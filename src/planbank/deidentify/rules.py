"""The table of PS3.15 annex E, table E.1-1: what is done to which attribute.

Comes in: a tag and a profile. Goes out: the action code of the table, options applied: D (dummy),
Z (empty or dummy), X (remove), K (keep), C (clean), U (replace the UID), combinations such as X/Z/D,
or '' where the table does not name the tag.
"""

from __future__ import annotations

import csv
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from planbank.deidentify.profiles import Profile

EDITION = "2024e"
"""Edition of PS3.15 whose table this is; rows that are new by 2026c are in it and say so."""

_OURS = {0x00080110: "X", 0x00080123: "X", 0x00080124: "X"}
"""Who made a coding scheme or context group, and where: text that no row names and no copy needs."""


@dataclass(frozen=True, slots=True)
class Rule:
    """One row: the tag, its name, whether an IOD has it, the edition it came with, a code by column."""

    tag: str
    name: str
    in_iod: bool
    edition: str
    codes: dict[str, str]


@cache
def rules() -> dict[str, Rule]:
    """All rows by tag as eight digits; '50XXXXXX', '60XX3000', '60XX4000' and 'PRIVATE' stand as written."""
    text = files(__package__).joinpath("standard", "table_e1_1.csv").read_text("ascii")
    found = {}
    for row in csv.DictReader(text.splitlines()):
        tag, name, in_iod, edition = (row.pop(key) for key in ("tag", "name", "in_iod", "edition"))
        codes = {column: code for column, code in row.items() if code}
        found[tag] = Rule(tag, name, in_iod == "Y", edition, codes)
    return found


def action(tag: int, profile: Profile) -> str:
    """The code for a tag under a profile, '' where the table does not name it.

    Where an option says K or C it stands over the Basic Profile (PS3.15, section E.3). A
    reference sequence that Retain UIDs would keep is kept by us with every UID replaced ('U'):
    a copy without its references is of no use to anybody.
    """
    return actions(profile).get(tag, "")


@cache
def actions(profile: Profile) -> dict[int, str]:
    """The code of every tag that the table names, under a profile."""
    return _OURS | {int(tag, 16): _code(rule, profile) for tag, rule in rules().items() if _is_tag(tag)}


def basic_actions() -> dict[int, str]:
    """The code of the Basic Profile for every tag that the table names."""
    return {int(tag, 16): rule.codes["basic"] for tag, rule in rules().items() if _is_tag(tag)}


def _is_tag(tag: str) -> bool:
    return "X" not in tag and tag != "PRIVATE"


def _code(rule: Rule, profile: Profile) -> str:
    chosen = [rule.codes[column] for column in profile.columns - {"basic"} if column in rule.codes]
    if "K" in chosen:
        return "K"
    if "C" in chosen:
        return "C"
    basic = rule.codes["basic"]
    return "U" if basic != "X" and "uids" in rule.codes else basic
