"""`planbank apply`: the structure dictionary of a protocol and its plans for analysis (R56, R68, R159).

Comes in: one row of a table. Goes out: what changed, one line each. A file adds rules and types and changes
what a type is; it ends nothing.
"""

from __future__ import annotations

from typing import Any

from django.core.exceptions import ValidationError

from planbank.analysis.actions.ruling import set_rule
from planbank.analysis.models import AnalysisRule
from planbank.analysis.queries.decided import rule_of
from planbank.house import House
from planbank.naming.actions.editing import Line, change_rules
from planbank.naming.actions.types import TypeWish, save_type
from planbank.naming.queries.dictionaries import dictionary_of, types_of
from planbank.people.models import Institution
from planbank.protocols.act import Act
from planbank.protocols.models import Protocol, StructureType

FIELDS = {
    "structure_type": {"protocol", "name", "need", "description", "expression"},
    "dictionary_rule": {"protocol", "entry", "type", "institution"},
    "analysis_rule": {"protocol", "rule"},
}


def structure_type(house: House, row: dict[str, Any]) -> list[str]:
    """A structure type, by its name."""
    dictionary = dictionary_of(_protocol(row))
    wish = TypeWish(
        row["name"],
        row.get("description", ""),
        row.get("need", StructureType.Need.OPTIONAL),
        row.get("expression", ""),
    )
    if wish.need not in StructureType.Need.values:
        raise ValidationError(f"A type is {', '.join(StructureType.Need.values)}, not {wish.need}.")
    here = {one.name.casefold(): one for one in types_of(dictionary)}
    found = here.get(wish.name.casefold())
    same = ("description", "need", "expression")
    if found is not None and all(getattr(found, name) == getattr(wish, name) for name in same):
        return []
    made = save_type(_act(house), dictionary, None, wish, found)
    return [f"protocol {dictionary.owner}: structure type {made} " + ("changed" if found else "added")]


def dictionary_rule(house: House, row: dict[str, Any]) -> list[str]:
    """A rule of the dictionary: `entry` stands for `type`, in data from `institution` or from all."""
    dictionary = dictionary_of(_protocol(row))
    here = {one.name.casefold(): one.pk for one in types_of(dictionary)}
    if row["type"].casefold() not in here:
        raise ValidationError(f"Protocol {dictionary.owner} has no structure type {row['type']}.")
    code = row.get("institution")
    found = Institution.objects.filter(code=code).first()
    if code and found is None:
        raise ValidationError(f"There is no institution {code}.")
    line = Line(row["entry"], here[row["type"].casefold()], found.pk if found else None)
    standing = dictionary.rules.filter(ended_in__isnull=True, entry=row["entry"].strip())
    if standing.filter(structure_type=line.structure_type, institution=line.institution).exists():
        return []
    change_rules(_act(house), dictionary, None, [line])
    return [f"protocol {dictionary.owner}: {row['entry']} stands for {row['type']}"]


def analysis_rule(house: House, row: dict[str, Any]) -> list[str]:
    """Which plan of a patient tables take (R159); choices by hand stand over it."""
    protocol = _protocol(row)
    if row["rule"] not in AnalysisRule.Kind.values:
        raise ValidationError(f"A rule is {', '.join(AnalysisRule.Kind.values)}, not {row['rule']}.")
    standing = rule_of(protocol)
    if (standing.kind if standing else AnalysisRule.Kind.EVERY) == row["rule"]:
        return []
    set_rule(_act(house), protocol, row["rule"], standing.pk if standing else None)
    return [f"protocol {protocol}: plan for analysis by the rule '{row['rule']}'"]


def _protocol(row: dict[str, Any]) -> Protocol:
    found = Protocol.objects.filter(short_name=row["protocol"]).first()
    if found is None:
        raise ValidationError(f"There is no protocol {row['protocol']}.")
    return found


def _act(house: House) -> Act:
    return Act.of_command("apply", house.clock.now())


TABLES = {
    "structure_type": structure_type,
    "dictionary_rule": dictionary_rule,
    "analysis_rule": analysis_rule,
}
