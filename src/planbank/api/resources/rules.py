"""The rules of a structure dictionary: read; changed, shown first, then saved as one edition (R56, R67).

Comes in: rules to add and to end, and the edition their editor read. Goes out: what that does to the plans,
and the edition in force.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from django.http import HttpRequest
from django.utils.translation import gettext as _
from ninja import Field, Router, Schema

from planbank.api.paging import After, Limit, cut
from planbank.api.problems import Problem
from planbank.api.resources.names import desk_in
from planbank.api.scope import InProject, InProtocol, act_of
from planbank.errors import ChangedMeanwhile, NamingError
from planbank.naming.actions.editing import Line, change_rules
from planbank.naming.preview import What
from planbank.naming.queries.desk import Desk
from planbank.people.models import Institution

router = Router(tags=["names and numbers"])
_ANSWERS = {401: Problem, 403: Problem, 404: Problem, 409: Problem, 422: Problem}


class RuleOut(Schema):
    """A rule in force. `institution` null: data of all."""

    id: int
    entry: str
    type: str
    institution: str | None
    since: datetime


class Rules(Schema):
    """A page of rules."""

    items: list[RuleOut]
    next: str | None


class RuleIn(Schema):
    """`entry` stands for the type; `institution` null: in data of all."""

    entry: str = Field(min_length=1, max_length=64)
    type: str = Field(min_length=1, max_length=64)
    institution: str | None = Field(default=None, max_length=16)


class ChangeIn(Schema):
    """A change of the dictionary that was read as `edition`; `only_try`: it is told and not made."""

    edition: int = Field(ge=0)
    add: list[RuleIn] = Field(default=[], max_length=5000)
    end: list[int] = Field(default=[], max_length=5000)
    only_try: bool = False


class AtCentre(Schema):
    """ROIs newly matched and plans newly doubled in the data of one institution."""

    matched: int
    doubled: int


class ChangeOut(Schema):
    """What the change does, in ROIs; `doubled` in plans. `is_safe`: nothing but new matches."""

    edition: int
    saved: bool
    is_safe: bool
    matched: int
    doubled: int
    conflicts: int
    moved: int
    lost: int
    institutions: dict[str, AtCentre]


@router.get("/dictionary", response={200: Rules, **_ANSWERS})
def dictionary(
    request: HttpRequest, after: After, limit: Limit, protocol: InProtocol, project: InProject
) -> dict[str, object]:
    """The rules of the structure dictionary of a protocol or project."""
    desk = desk_in(request, protocol, project)
    rows = desk.dictionary.rules.filter(ended_in__isnull=True)
    related = rows.select_related("structure_type", "institution", "added_in")
    found, further = cut(related, desk.reader, after, limit)
    items = [
        RuleOut(
            id=row.pk,
            entry=row.entry,
            type=row.structure_type.name,
            institution=row.institution.code if row.institution else None,
            since=row.added_in.at,
        )
        for row in found
    ]
    return {"items": items, "next": further}


@router.post("/dictionary", response={200: ChangeOut, **_ANSWERS})
def change(
    request: HttpRequest, given: ChangeIn, protocol: InProtocol, project: InProject
) -> dict[str, object]:
    """Add and end rules, all or none."""
    desk = desk_in(request, protocol, project, action="data.list", needs="dictionary.edit")
    lines = list(_lines(desk, given.add))
    if given.edition != desk.dictionary.edition:
        raise ChangedMeanwhile
    try:
        found = desk.preview(lines, given.end)
    except ValueError as exc:
        raise NamingError(str(exc)) from exc
    if not given.only_try:
        change_rules(act_of(request), desk.dictionary, given.edition, lines, given.end)
    codes = dict(Institution.objects.values_list("pk", "code"))
    return {
        "edition": desk.dictionary.edition,
        "saved": not given.only_try,
        "is_safe": found.is_safe,
        "matched": found.total(What.NEW),
        "doubled": len(found.doubled),
        "conflicts": found.total(What.CONFLICT),
        "moved": found.total(What.MOVED),
        "lost": found.total(What.LOST),
        "institutions": {
            codes[pk]: {"matched": matched, "doubled": doubled}
            for pk, (matched, doubled) in found.by_institution().items()
            if matched or doubled
        },
    }


def _lines(desk: Desk, rules: list[RuleIn]) -> Iterator[Line]:
    types = {row.name.casefold(): row.pk for row in desk.columns}
    codes = dict(Institution.objects.values_list("code", "pk"))
    for rule in rules:
        if (type_ := types.get(rule.type.strip().casefold())) is None:
            raise NamingError(_("There is no such structure type here."))
        if rule.institution is not None and rule.institution not in codes:
            raise NamingError(_("There is no institution %(code)s.") % {"code": rule.institution[:16]})
        yield Line(rule.entry, type_, None if rule.institution is None else codes[rule.institution])
