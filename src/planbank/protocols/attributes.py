"""Values of the attributes that a protocol defines for its participants (R145).

Comes in: attribute types and what was typed, as text. Goes out: values as they are kept in
`Participant.attributes` (JSON), or what is wrong with each, in words.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from datetime import date
from typing import Any

from django.utils.translation import gettext as _

from planbank.protocols.models import AttributeType

MAX_TEXT = 200
_NUMBER = re.compile(r"[+-]?[0-9]{1,12}([.,][0-9]{1,9})?\Z")
_FLAGS = {"yes": True, "1": True, "true": True, "ja": True, "no": False, "0": False, "false": False}
_FLAGS |= {"nej": False}
Kind = AttributeType.Kind


class Unfit(ValueError):
    """A value that does not fit its type; says why."""


def read(kind: AttributeType, text: str) -> Any:
    """The value that a text says, None for an empty one. Raises Unfit."""
    plain = text.strip()
    if not plain:
        if kind.required:
            raise Unfit(_("It is required."))
        return None
    match kind.kind:
        case Kind.NUMBER:
            return _number(plain)
        case Kind.DATE:
            return _date(plain)
        case Kind.FLAG:
            if plain.casefold() not in _FLAGS:
                raise Unfit(_("Write yes or no."))
            return _FLAGS[plain.casefold()]
        case Kind.CHOICE:
            return _choice(plain, kind.choices)
        case _:
            if len(plain) > MAX_TEXT:
                raise Unfit(_("At most %(n)s characters.") % {"n": MAX_TEXT})
            return plain


def read_all(
    kinds: Iterable[AttributeType], given: Mapping[str, str]
) -> tuple[dict[str, Any], dict[str, str]]:
    """All attributes of a participant: the values by name, and by name what is wrong."""
    values: dict[str, Any] = {}
    wrong: dict[str, str] = {}
    for kind in kinds:
        try:
            value = read(kind, given.get(kind.name, ""))
        except Unfit as exc:
            wrong[kind.name] = str(exc)
            continue
        if value is not None:
            values[kind.name] = value
    return values, wrong


def text_of(value: Any) -> str:
    """A kept value as it is typed."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    return f"{value:g}" if isinstance(value, float) else str(value)


def _number(plain: str) -> int | float:
    if not _NUMBER.match(plain):
        raise Unfit(_("Write a number, such as 12 or 0.5."))
    number = float(plain.replace(",", "."))
    return int(number) if number.is_integer() else number


def _date(plain: str) -> str:
    try:
        return date.fromisoformat(plain).isoformat()
    except ValueError:
        raise Unfit(_("Write a day as 2026-03-01.")) from None


def _choice(plain: str, choices: Iterable[str]) -> str:
    found = next((choice for choice in choices if choice.casefold() == plain.casefold()), None)
    if found is None:
        raise Unfit(_("It is one of: %(choices)s.") % {"choices": ", ".join(choices)})
    return found
