"""Taking rules over from another dictionary or a table (R67).

Comes in: an act, a dictionary, lines or another dictionary. Goes out: the edition, in which types that were
missing are made too. Rules of centres that do not take part here are left behind and counted.
"""

from __future__ import annotations

from dataclasses import dataclass

from django.db import transaction

from planbank.naming.actions.editing import Line, change_rules
from planbank.naming.actions.types import TypeWish, save_type
from planbank.naming.models import Dictionary, Edition
from planbank.naming.queries.dictionaries import types_of
from planbank.protocols.act import Act
from planbank.protocols.models import Participation


@dataclass(frozen=True)
class Offer:
    """What another dictionary has for this one: (entry, name of the type, institution) and types to make."""

    lines: tuple[tuple[str, str, int | None], ...]
    missing: tuple[TypeWish, ...]
    left_behind: int


def offer_of(source: Dictionary, target: Dictionary) -> Offer:
    """What would be taken over; nothing is changed."""
    centres = None
    if target.protocol is not None:
        rows = Participation.objects.filter(protocol=target.protocol)
        centres = set(rows.values_list("institution", flat=True))
    rules = source.rules.filter(ended_in__isnull=True).select_related("structure_type")
    lines = [(rule.entry, rule.structure_type.name, rule.institution_id) for rule in rules]
    kept = [line for line in lines if line[2] is None or centres is None or line[2] in centres]
    here = {row.name.casefold() for row in types_of(target)}
    missing = [
        TypeWish(row.name, row.description, row.need, row.expression, row.order)
        for row in sorted(types_of(source), key=lambda row: bool(row.expression))
        if row.name.casefold() not in here
    ]
    return Offer(tuple(kept), tuple(missing), len(lines) - len(kept))


@transaction.atomic
def copy_rules(act: Act, source: Dictionary, target: Dictionary, seen: int) -> Edition:
    """Take all rules and missing types over. Raises ChangedMeanwhile."""
    offer = offer_of(source, target)
    for wish in offer.missing:
        save_type(act, target, seen, wish)
        seen = target.edition
    pks = {row.name.casefold(): row.pk for row in types_of(target) if not row.expression}
    lines = [Line(entry, pks[t.casefold()], code) for entry, t, code in offer.lines if t.casefold() in pks]
    return change_rules(act, target, seen, lines, kind=Edition.Kind.COPY, source=source.owner.short_name)
