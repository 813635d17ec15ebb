"""What every page of a dictionary needs: whose it is, the desk, who acts, the numbers in words."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.http import Http404, HttpRequest

from planbank.access.policy import Refused, Verdict, may
from planbank.access.scopes import Scope
from planbank.dicom.patterns import Pattern
from planbank.naming.book import Answer
from planbank.naming.preview import Effect, Preview, What
from planbank.naming.queries.desk import Desk
from planbank.people.models import Institution, User
from planbank.protocols.models import Participation, Project, Protocol
from planbank.web.pages import house_of
from planbank.web.pages.protocols.tabs import tabs_in
from planbank.web.reach import reader_of

MOST_NAMES = 40


def owner_of(where: Scope) -> Protocol | Project:
    """The protocol or project that a page is in."""
    model = Project if where.kind == "project" else Protocol
    found: Protocol | Project | None = model._default_manager.filter(pk=where.id).first()
    if found is None:
        raise Http404
    return found


def desk_of(request: HttpRequest, where: Scope, institution: int | None = None) -> Desk:
    """The dictionary of a protocol or project for the person of the request."""
    return Desk(reader_of(request), owner_of(where), institution)


def may_edit(request: HttpRequest, desk: Desk) -> bool:
    """Whether this person may change the dictionary."""
    return bool(_verdict(request, desk))


def demand_edit(request: HttpRequest, desk: Desk) -> None:
    """Raises Refused where this person may not change the dictionary that they see."""
    verdict = _verdict(request, desk)
    if not verdict:
        raise Refused(verdict)


def _verdict(request: HttpRequest, desk: Desk) -> Verdict:
    assert isinstance(request.user, User)
    return may(request.user, "dictionary.edit", house_of(request).clock.now(), Scope.of(desk.owner))


def centres_of(desk: Desk) -> list[Institution]:
    """The institutions that take part, by code; in a project, those of which it sees plans."""
    rows = Institution.objects.order_by("code")
    if isinstance(desk.owner, Project):
        return list(rows.filter(pk__in={row.institution for row in desk.rows}))
    taking_part = Participation.objects.filter(protocol=desk.owner)
    return list(rows.filter(pk__in=taking_part.values("institution")))


def context_of(request: HttpRequest, desk: Desk, tab: str, **more: Any) -> dict[str, Any]:
    """The context all of these pages share."""
    where = Scope.of(desk.owner)
    return {
        "owner": desk.owner,
        "where": where,
        "dictionary": desk.dictionary,
        "can_edit": may_edit(request, desk),
        "tabs": tabs_in(request, where, tab),
        **more,
    }


@dataclass(frozen=True)
class Told:
    """One name of a preview in words. `name` is empty where it may not be shown."""

    name: str
    rois: int
    what: What
    doubles: int
    codes: list[str]
    before: str
    after: str


def told(desk: Desk, preview: Preview) -> dict[str, Any]:
    """A preview as the page shows it: totals, by centre, by name."""
    codes = dict(Institution.objects.values_list("pk", "code"))
    types = {row.pk: row.name for row in desk.types}
    shown = desk.shown({effect.name for effect in preview.effects})
    groups: dict[tuple[str, What, str, str], list[Effect]] = {}
    for effect in preview.effects:
        name = effect.name if effect.name in shown else ""
        key = (name, effect.what, _words(effect.before, types), _words(effect.after, types))
        groups.setdefault(key, []).append(effect)
    lines = [
        Told(
            name,
            sum(one.rois for one in its),
            what,
            len(frozenset().union(*(one.doubled for one in its))),
            sorted({codes[one.institution] for one in its}),
            before,
            after,
        )
        for (name, what, before, after), its in groups.items()
    ]
    centres = sorted((codes[pk], *both) for pk, both in preview.by_institution().items() if any(both))
    return {
        "new": preview.total(What.NEW),
        "new_names": preview.names(What.NEW),
        "doubled": len(preview.doubled),
        "conflicts": preview.total(What.CONFLICT),
        "moved": preview.total(What.MOVED),
        "lost": preview.total(What.LOST),
        "tried": preview.tried,
        "is_safe": preview.is_safe,
        "centres": centres,
        "lines": lines[:MOST_NAMES],
        "more": max(0, len(lines) - MOST_NAMES),
    }


def _words(answer: Answer, types: dict[int, str]) -> str:
    keys = answer.conflict or ((answer.type,) if answer.type else ())
    return ", ".join(types.get(key, "?") for key in keys)


def is_literal(entry: str) -> bool:
    """Whether an entry stands for one name."""
    return Pattern(entry).is_literal
