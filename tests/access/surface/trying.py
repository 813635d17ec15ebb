"""Trying a door as somebody, and what the oracle says that must come of it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from copy import copy
from dataclasses import dataclass, field
from typing import Any

from django.core.signals import got_request_exception
from django.db import connection, transaction
from django.http import HttpResponse
from django.test import Client
from django.urls import reverse

from planbank.access.surface import SITE, Door
from planbank.access.surface.door import PUBLIC
from planbank.access.tokens import issue
from planbank.journal.record import Actor
from tests.access.oracle import Person, answers, decides, own
from tests.access.surface.world import ABSENT, Example, Planted
from tests.house.test_surface import site

FIRST = {door.action: door.name for door in reversed(SITE.values()) if door.scope}
BACKEND = "allauth.account.auth_backends.AuthenticationBackend"
# What a request may write though it is refused: that it was refused, its session, and a dictionary, which is
# made when it is first looked at.
NOTES = {
    "journal_entry",
    "journal_head",
    "django_session",
    "people_session",
    "bank_usersession",
    "naming_dictionary",
}
_WRITES = "SELECT relname, n_tup_ins + n_tup_upd + n_tup_del FROM pg_stat_xact_user_tables"


# One door of each kind is tried with every row, the others with one row of each sort.
EVERY_ROW = {"plan", "patient", "series", "instance"}
SOME_ROWS = {"auh-brain", "ouh-brain", "auh-heart", "vle-none", "auh-restricted"}
# Pages with a rule of their own about rows, held to it by their own tests; denied is denied here too.
OWN_RULE = ("unassigned-", "patient-who", "my-permission-end", "project-item-off")
WHERE = "BRAIN"
DENIED, ANSWERED = frozenset({403, 404}), frozenset({200, 204, 302, 303, 400, 409, 410, 422})


@dataclass(frozen=True)
class Way:
    """One address of a door, and what it names."""

    path: str
    scope: str | None = None
    example: Example | None = None
    absent: bool = False


def ways_of(door: Door, planted: Planted, person: Person) -> Iterator[Way]:
    """The addresses that the world has for a page, and those of what is not there.

    Every scope is tried at the first door of its action; at the others the usual one, and those in which
    the person is allowed, as the middleware asks by action and scope alone.
    """
    if not door.scope:
        yield from _rows(door, planted, None, {})
        return
    for name, pk in _scopes(door, planted).items():
        first = FIRST[door.action] == door.name
        if first or name in (WHERE, "P", "OUH") or decides(planted.world, person, door.action, name) == 200:
            yield from _rows(door, planted, name, {door.scope: pk})
    gone: dict[str, Any] = {door.scope: ABSENT}
    yield Way(reverse(door.name, kwargs={**gone, **_number(door, ABSENT)}), absent=True)


def _scopes(door: Door, planted: Planted) -> dict[str, int]:
    rows = planted.rows
    if door.scope == "institution":
        return {code: rows.institution(code).pk for code in ("AUH", "OUH")}
    names = planted.world.projects if door.scope == "project" else tuple(planted.world.protocols)
    return {
        name: (rows.project(name) if door.scope == "project" else rows.protocol(name)).pk for name in names
    }


def _rows(door: Door, planted: Planted, scope: str | None, kwargs: dict[str, Any]) -> Iterator[Way]:
    if not door.of:
        yield Way(reverse(door.name, kwargs=kwargs), scope)
        return
    for example in planted.examples.get(door.of, []):
        if example.row and door.name not in EVERY_ROW and example.row not in SOME_ROWS:
            continue  # asked of the policy as the others of its kind ask
        yield Way(reverse(door.name, kwargs={**kwargs, **_number(door, example.number)}), scope, example)
    number = "0" * 32 if isinstance(_any(planted, door), str) else ABSENT
    yield Way(reverse(door.name, kwargs={**kwargs, **_number(door, number)}), scope, absent=True)


def _any(planted: Planted, door: Door) -> Any:
    return next((example.number for example in planted.examples.get(door.of, [])), ABSENT)


def _number(door: Door, number: Any) -> dict[str, Any]:
    """The arguments of an address besides its scope: the row's number, and any word."""
    if not door.of:
        return {}
    names = re.findall(r"<(\w+):(\w+)>", str(site()[door.name].pattern))
    rest = [(kind, name) for kind, name in names if name != door.scope]
    first, *others = rest
    return {first[1]: number, **{name: 1 if kind == "int" else "x" for kind, name in others}}


def expected(planted: Planted, person: Person, door: Door, way: Way) -> frozenset[int]:
    """The statuses of which one must come: `ANSWERED`, or a refusal."""
    world = planted.world
    if door.action == PUBLIC:
        return ANSWERED
    if not person.comes or not person.active:
        return frozenset({302})
    if way.absent and way.scope is None and door.scope:
        return frozenset({404})
    verdict = decides(world, person, door.action, way.scope)
    if verdict != 200:
        return frozenset({verdict})
    if door.name.startswith(OWN_RULE):
        return ANSWERED | DENIED
    if way.absent:
        return OF_ONESELF if door.of == "passkey" else frozenset({404})
    if way.example is None:
        return OF_ONESELF if door.action == "account.use" else ANSWERED
    return _of_row(planted, person, door, way, way.example)


OF_ONESELF = ANSWERED | {404}  # a second factor that one does not have


def _of_row(planted: Planted, person: Person, door: Door, way: Way, example: Example) -> frozenset[int]:
    world = planted.world
    if example.row:
        status = answers(world, person, door.action, example.row)
        return ANSWERED if status == 200 else frozenset({status})
    if example.within and way.scope is not None and example.within != way.scope:
        return frozenset({404})  # its number, in another protocol's address
    if example.within and way.scope is None:
        inside = decides(world, person, door.action, example.within) == 200
        return ANSWERED | DENIED if inside else DENIED
    if example.who:
        mine = person.admin if example.who == "system-admin" else example.who in own(person)
        return ANSWERED if mine else frozenset({404})
    return ANSWERED | ({403} if example.within else frozenset())


class Browser(Client):
    """A client that keeps no templates and contexts: half of what a request costs."""

    def request(self, **request: Any) -> Any:
        got_request_exception.connect(self.store_exc_info, dispatch_uid="browser")
        try:
            answer = self.handler(self._base_environ(**request))
        finally:
            got_request_exception.disconnect(dispatch_uid="browser")
        self.check_exception(answer)
        return answer


@dataclass
class Visitor:
    """Somebody at the doors."""

    planted: Planted
    person: Person
    client: Browser = field(default_factory=Browser)
    cookies: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if self.person.comes:
            self.client.force_login(self.planted.users[self.person.name], backend=BACKEND)
        self.cookies = {name: morsel.value for name, morsel in self.client.cookies.items()}

    def tries(self, method: str, path: str, **headers: str) -> tuple[HttpResponse, set[str]]:
        """The answer, and the tables that were written; all of it is undone."""
        self.client.cookies.clear()
        for name, value in self.cookies.items():
            self.client.cookies[name] = value
        with transaction.atomic():
            before = _counts()
            answer = getattr(self.client, method.lower())(path, headers=headers)
            if answer.streaming:  # read while the session is still there
                heads = answer.headers
                answer = HttpResponse(b"".join(answer.streaming_content), status=answer.status_code)
                for name, value in heads.items():
                    answer.headers[name] = value
            after = _counts() if method != "GET" else before
            transaction.set_rollback(True)
        return answer, {name for name, n in after.items() if n != before.get(name, 0)} - NOTES


def _counts() -> dict[str, int]:
    with connection.cursor() as cursor:
        cursor.execute(_WRITES)
        return dict(cursor.fetchall())


def token_of(planted: Planted, person: Person) -> str:
    """A token of the API that is held to nothing but its person's rights; made before an account went."""
    user = copy(planted.users[person.name])
    user.is_active = True
    at, actor = planted.rows.at, Actor("command", "test")
    return issue(user, name="nb", scope=None, purpose="a test", days=30, actor=actor, at=at)[1]


__all__ = ["SITE", "Visitor", "Way", "expected", "token_of", "ways_of"]
