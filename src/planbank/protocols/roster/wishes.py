"""From text to a participant: the same reading for a form's file and for the API.

Comes in: cells by column. Goes out: a `ParticipantWish`, or by column what is wrong, in words. What a
line does not name stays as it is.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.utils.translation import gettext as _

from planbank.people.models import Institution
from planbank.protocols.actions.participants import ParticipantWish, wrong_trial_id
from planbank.protocols.attributes import Unfit, read, text_of
from planbank.protocols.models import AttributeType, Participant
from planbank.protocols.roster.sheet import FORMULA, MAX_CELL

PLAIN = ("trial_id", "institution", "arm", "laterality", "breathing", "consent", "consent_on", "expected_on")
# The number of the patient at the centre: only for those who may see who a patient is there.
PATIENT = "patient_id"
_CHOICES = {
    "laterality": Participant.Laterality,
    "breathing": Participant.Breathing,
    "consent": Participant.Consent,
}

# Given a centre and a number: whose it is (0 where none), or Unfit.
Finder = Callable[[Institution, str], int]


@dataclass(frozen=True)
class Roster:
    """What a reader of participants needs to know of a protocol and of who reads.

    `centres`: those that the person may register at, by code. `find`: None where the person does not
    see who patients are.
    """

    kinds: Sequence[AttributeType]
    centres: Mapping[str, Institution]
    find: Finder | None = None

    @property
    def columns(self) -> list[str]:
        """The columns a table may have."""
        return [*PLAIN, *([PATIENT] if self.find else []), *(kind.name for kind in self.kinds)]


def read_wish(
    roster: Roster, cells: Mapping[str, str], row: Participant | None
) -> tuple[ParticipantWish | None, dict[str, str]]:
    """The wish that cells say for a new participant (`row` None) or an existing one."""
    wrong = {name: _("It looks like a formula.") for name, text in cells.items() if text.startswith(FORMULA)}
    wrong |= {name: _("It is too long.") for name, text in cells.items() if len(text) > MAX_CELL}
    values: dict[str, Any] = {"trial_id": row.trial_id if row else cells.get("trial_id", "")}
    if "trial_id" in cells:
        values["trial_id"] = cells["trial_id"]
    if "trial_id" not in wrong and (said := wrong_trial_id(values["trial_id"])):
        wrong["trial_id"] = said
    for name, one in (
        ("institution", _institution),
        ("arm", _arm),
        ("expected_on", _day),
        ("consent_on", _day),
    ):
        _put(values, wrong, name, cells, row, one, roster)
    for name in _CHOICES:
        _put(values, wrong, name, cells, row, _choice, roster)
    values["expected"] = row.expected if row else {}
    values["attributes"], more = _attributes(roster, cells, row)
    wrong = {**more, **wrong}
    if roster.find and cells.get(PATIENT) and PATIENT not in wrong and not wrong.get("institution"):
        try:
            values["patient"] = roster.find(values["institution"], cells[PATIENT])
        except Unfit as exc:
            wrong[PATIENT] = str(exc)
    return (None if wrong else ParticipantWish(**values)), wrong


def cells_of(row: Participant, kinds: Sequence[AttributeType]) -> dict[str, str]:
    """A participant as cells, which read back come to the same participant."""
    found = {name: str(getattr(row, name) or "") for name in PLAIN if name != "institution"}
    found["institution"] = row.institution.code
    return {**found, **{kind.name: text_of(row.attributes.get(kind.name)) for kind in kinds}}


def _put(
    values: dict[str, Any],
    wrong: dict[str, str],
    name: str,
    cells: Mapping[str, str],
    row: Participant | None,
    one: Callable[[str, str, Roster], Any],
    roster: Roster,
) -> None:
    if name in wrong:
        return
    if name not in cells and row is not None:
        values[name] = getattr(row, name)
        return
    try:
        values[name] = one(name, cells.get(name, ""), roster)
    except Unfit as exc:
        wrong[name] = str(exc)


def _institution(name: str, text: str, roster: Roster) -> Institution:
    if not text and len(roster.centres) == 1:
        return next(iter(roster.centres.values()))
    found = next((row for code, row in roster.centres.items() if code.casefold() == text.casefold()), None)
    if found is None:
        codes = ", ".join(sorted(roster.centres)) or _("none")
        raise Unfit(_("It is one of the centres you may register at: %(codes)s.") % {"codes": codes})
    return found


def _arm(name: str, text: str, roster: Roster) -> str:
    if len(text) > 64:
        raise Unfit(_("It is too long."))
    return text


def _day(name: str, text: str, roster: Roster) -> date | None:
    if not text:
        return None
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise Unfit(_("Write a day as 2026-03-01.")) from None


def _choice(name: str, text: str, roster: Roster) -> str:
    choices = _CHOICES[name]
    if not text:
        return Participant.Consent.UNKNOWN.value if name == "consent" else ""
    for value, label in choices.choices:
        if text.casefold() in (value.casefold(), str(label).casefold()):
            return str(value)
    raise Unfit(_("It is one of: %(choices)s.") % {"choices": ", ".join(choices.values)})


def _attributes(
    roster: Roster, cells: Mapping[str, str], row: Participant | None
) -> tuple[dict[str, Any], dict[str, str]]:
    values = dict(row.attributes) if row else {}
    wrong: dict[str, str] = {}
    for kind in roster.kinds:
        if row is not None and kind.name not in cells:
            continue
        try:
            value = read(kind, cells.get(kind.name, ""))
        except Unfit as exc:
            wrong[kind.name] = str(exc)
            continue
        values.pop(kind.name, None)
        if value is not None:
            values[kind.name] = value
    return values, wrong


_READERS: dict[str, Callable[[str, str, Roster], Any]] = {
    "institution": _institution,
    "arm": _arm,
    "expected_on": _day,
    "consent_on": _day,
    **dict.fromkeys(_CHOICES, _choice),
}
