"""One command: see the package's docstring."""

from __future__ import annotations

import argparse
import csv
import hashlib
import time
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from planbank.dicom.names.standard import folded, known_names
from planbank.naming.suggest import words
from planbank.naming.suggest.rank import Candidate, candidate, rank

HERE = Path(__file__).parent
HALVES = ("development", "apart")


@dataclass(frozen=True)
class Score:
    """How many names, how many right at once, how many among five."""

    names: int
    first: int
    five: int
    milliseconds: float

    def line(self, which: str, half: str, types: int) -> str:
        """One row of the table."""
        n = max(self.names, 1)
        rates = f"{100 * self.first / n:5.1f} %  {100 * self.five / n:5.1f} %"
        return f"{which:10} {half:12} {types:5} {self.names:5}  {rates}  {self.milliseconds / n:6.2f} ms"


def unseen(pairs: Iterable[tuple[str, str]]) -> list[tuple[str, str]]:
    """Without names that stand in a table the assistant reads: those would only be looked up."""
    seen = {folded(known.name) for known in known_names()}
    lexicon = Path(words.__file__).with_name("lexicon.csv").read_text("utf-8")
    seen |= {folded(row["word"]) for row in csv.DictReader(lexicon.splitlines())}
    return [(name, meant) for name, meant in dict.fromkeys(pairs) if folded(name) not in seen]


def half_of(name: str) -> str:
    """The half a name belongs to, the same for ever."""
    return HALVES[hashlib.sha256(name.encode()).digest()[0] & 1]


def scored(pairs: Iterable[tuple[str, str]], candidates: list[Candidate]) -> Score:
    """Rank each name; a type without any suggestion counts as wrong."""
    pairs = list(pairs)
    names = {one.type: one.name for one in candidates}
    first = five = 0
    begun = time.process_time()
    for name, meant in pairs:
        found = [names[one.type] for one in rank(name, candidates)]
        first += found[:1] == [meant]
        five += meant in found
    return Score(len(pairs), first, five, 1000 * (time.process_time() - begun))


def told(which: str, pairs: Iterable[tuple[str, str]], types: Iterable[str]) -> None:
    """Print both halves of a set."""
    candidates = [candidate(number, name) for number, name in enumerate(dict.fromkeys(types))]
    kept = unseen(pairs)
    for half in HALVES:
        its = [pair for pair in kept if half_of(pair[0]) == half]
        print(scored(its, candidates).line(which, half, len(candidates)), flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(prog="bench.names", description="Rank names that were kept apart.")
    parser.add_argument("worksheet", type=Path, nargs="?", help="the worksheet of TG-263 as CSV")
    given = parser.parse_args()
    print(f"{'set':10} {'half':12} {'types':>5} {'names':>5}  {'top 1':>7}  {'top 5':>7}  {'a name':>9}")
    rows = list(csv.DictReader((HERE / "names.csv").read_text("utf-8").splitlines()))
    told("written", [(row["name"], row["means"]) for row in rows], [row["means"] for row in rows])
    if given.worksheet:
        text = given.worksheet.read_text("utf-8-sig", errors="replace")
        sheet = [row for row in csv.DictReader(text.splitlines()) if row["Target Type"] == "Anatomic"]
        pairs = [(row["Description"].strip(), row["TG263-Primary Name"].strip()) for row in sheet]
        told("described", [pair for pair in pairs if all(pair)], [meant for _name, meant in pairs if meant])


if __name__ == "__main__":
    main()
