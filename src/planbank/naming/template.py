"""The structure dictionary as a part of templates (R67, R149).

Comes in: a protocol, or a template's lines. Goes out: lines as plain JSON, by names of types and centres; or
one edition of another protocol's dictionary, with those that fit there and change no rule it has.
"""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext_lazy as _

from planbank.dicom.patterns import Pattern, normal
from planbank.naming.actions.editing import Line, change_rules
from planbank.naming.models import Edition
from planbank.naming.queries.dictionaries import dictionary_of, types_of
from planbank.people.models import Institution
from planbank.protocols.act import Act
from planbank.protocols.models import Participation, Protocol
from planbank.protocols.templates import Items, TemplatePart, register


def take(protocol: Protocol) -> Items:
    """The rules that stand: entry, name of the type, code of the centre or ''."""
    rules = dictionary_of(protocol).rules.filter(ended_in__isnull=True)
    return [
        {
            "entry": rule.entry,
            "type": rule.structure_type.name,
            "institution": rule.institution.code if rule.institution else "",
        }
        for rule in rules.select_related("structure_type", "institution").order_by("entry", "pk")
    ]


def give(act: Act, protocol: Protocol, items: Items) -> int:
    """Rules whose type is here and whose centre takes part; an entry that has a rule here keeps it."""
    dictionary = dictionary_of(protocol)
    types = {row.name.casefold(): row.pk for row in types_of(dictionary) if not row.expression}
    here = Participation.objects.in_force(act.at).filter(protocol=protocol).values("institution")
    centres = dict(Institution.objects.filter(pk__in=here).values_list("code", "pk"))
    rules = dictionary.rules.filter(ended_in__isnull=True)
    standing = {(entry.casefold(), pk) for entry, pk in rules.values_list("entry", "institution")}
    lines = [line for item in items if (line := _line(item, types, centres)) is not None]
    new = [line for line in lines if (line.entry.casefold(), line.institution) not in standing]
    if not new:
        return 0
    change_rules(act, dictionary, None, new, kind=Edition.Kind.COPY)
    return len(new)


def _line(item: dict[str, Any], types: dict[str, int], centres: dict[str, int]) -> Line | None:
    """None for what does not fit here, also what is no entry for this version."""
    kind, code = types.get(str(item.get("type", "")).casefold()), item.get("institution", "")
    entry = normal(str(item.get("entry", "")))
    if kind is None or (code and code not in centres):
        return None
    try:
        Pattern(entry)
    except ValueError:
        return None
    return Line(entry, kind, centres[code] if code else None)


register(TemplatePart("dictionary", _("structure dictionary"), take, give))
