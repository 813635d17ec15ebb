"""What triggers would make of data, and why: nothing is changed, nothing is stored (R93).

Comes in: triggers and a stored subject, or files that somebody dropped. Goes out: for each trigger whether
it fires and, condition by condition, why not. Dropped files are from anywhere: they are read as bytes, with
limits, and never written.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from planbank.archive.store import Store
from planbank.dicom.conditions import ObjectValues, Said, nearest, read_path
from planbank.dicom.encoding import encoding_of, inflate, split_file
from planbank.dicom.uids import class_name
from planbank.errors import DicomError, DicomTooLong
from planbank.protocols.models import Trigger
from planbank.services.trigger.matching import Match, SeenRoi, match
from planbank.services.trigger.run import names_of, rule_of
from planbank.services.trigger.subjects import Seen, rois_of

SOP_CLASS = read_path("SOPClassUID")
RT_STRUCTURE_SET = "1.2.840.10008.5.1.4.1.1.481.3"
EXPLICIT = "1.2.840.10008.1.2.1"
MOST_INFLATED = 128 << 20


@dataclass(frozen=True)
class Tried:
    """One trigger: what it makes of the data, and its condition line by line."""

    trigger: Trigger
    found: Match | None
    lines: tuple[Said, ...] = ()


@dataclass(frozen=True)
class Dropped:
    """One file as it was read: what it is, or why it cannot be read."""

    name: str
    what: str = ""
    wrong: str = ""
    values: ObjectValues | None = None
    rois: tuple[SeenRoi, ...] = ()


def tried_on(seen: Seen, store: Store, triggers: Iterable[Trigger]) -> list[Tried]:
    """A stored plan set or series."""
    return next(tried_on_each([seen], store, triggers))


def tried_on_each(
    subjects: Sequence[Seen], store: Store, triggers: Iterable[Trigger]
) -> Iterator[list[Tried]]:
    """Stored plan sets and series, one after the other; their ROIs are read together."""
    rows = list(triggers)
    rules = [rule_of(row) for row in rows]
    asks = any(rule.condition for rule in rules)
    for seen, rois in zip(subjects, rois_of(subjects, store, names_of(rules)), strict=True):
        yield tried(rows, rois, list(seen.values(store)) if asks else [])


def tried(triggers: Sequence[Trigger], rois: Sequence[SeenRoi], objects: list[ObjectValues]) -> list[Tried]:
    """ROIs and objects, taken together as one plan set."""
    rules = {row.pk: rule_of(row) for row in triggers}
    found = {one.rule: one for one in match(rules.values(), rois, objects)}
    lines = {
        pk: tuple(nearest(rule.condition, objects))
        for pk, rule in rules.items()
        if rule.condition is not None
    }
    return [Tried(row, found.get(row.pk), lines.get(row.pk, ())) for row in triggers]


def read_dropped(name: str, data: bytes) -> Dropped:
    """One file; what is wrong with it is said and not raised."""
    from planbank.dicom.structure_set import summarise  # brings the compiler, which pages shall not load

    try:
        syntax, body = split_file(data)
        if encoding_of(syntax).deflated:
            syntax, body = EXPLICIT, memoryview(inflate(body, limit=MOST_INFLATED))
        values = ObjectValues(body, syntax)
        classes = values.at(SOP_CLASS) or ()
        rois = summarise(body, syntax) if RT_STRUCTURE_SET in classes else []
    except DicomTooLong:
        return Dropped(name, wrong="It inflates to more than is read here.")
    except DicomError as exc:
        return Dropped(name, wrong=str(exc))
    what = class_name(classes[0]) if classes else ""
    return Dropped(name, what, "", values, tuple(SeenRoi(roi.name, roi.empty) for roi in rois))
