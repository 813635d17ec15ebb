"""What became of the files, in plain words and without any identity.

Comes in: what each template noted, and what was refused. Goes out: lines for people. A file is named
by its place in the order of names and by its hash, since its name may hold the patient's.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from planbank.deidentify.profiles import Profile
    from planbank.deidentify.template import Template


@dataclass(frozen=True, slots=True)
class Refusal:
    """A file of which no copy was made. `digest`: the first 12 characters of its SHA-256, or ''."""

    place: int
    digest: str
    reason: str

    def __str__(self) -> str:
        known = f" (SHA-256 {self.digest}...)" if self.digest else ""
        return f"Refused: file {self.place} by name{known}. {self.reason}"


@dataclass(slots=True)
class Report:
    """What a run did. `kinds`: objects by IOD; `patients`: how many there were."""

    profile: Profile
    copies: int
    kinds: Counter[str] = field(default_factory=Counter)
    notes: Counter[tuple[str, str]] = field(default_factory=Counter)
    identities: set[str] = field(default_factory=set, repr=False)
    refused: list[Refusal] = field(default_factory=list)
    doubles: int = 0

    def count(self, template: Template) -> None:
        """Add one object that was copied."""
        self.kinds[template.iod] += 1
        self.notes.update(template.notes)
        self.identities.add(template.identity)

    def lines(self) -> list[str]:
        """The report, a sentence or a row of counts each."""
        kinds = ", ".join(f"{count} {kind}" for kind, count in sorted(self.kinds.items())) or "nothing"
        people = _of(len(self.identities), "patient", "patients")
        options = "; ".join(option.meaning for option in self.profile.options)
        said = [
            f"{_of(self.copies, 'copy', 'copies')} of {people}: {kinds}.",
            f"Profile {self.profile.name}: {options}.",
        ]
        if self.doubles:
            said.append(f"{_of(self.doubles, 'file', 'files')} came twice and went into each copy once.")
        for did in sorted({did for did, _ in self.notes}):
            said.append(f"{did[0].upper()}{did[1:]}: {self._what(did)}.")
        said.append(
            "Look yourself: at pictures of faces (CT and MR of the head can be rendered), and at what the"
        )
        said.append("names that were kept may tell together. Burned-in text is not read by this program.")
        return said

    def _what(self, did: str) -> str:
        rows = sorted((name, count) for (what, name), count in self.notes.items() if what == did)
        return ", ".join(f"{name} {count}".strip() for name, count in rows)


def _of(count: int, one: str, many: str) -> str:
    return f"{count} {one if count == 1 else many}"
