"""Trying a door as somebody: its addresses, a client, and what a request wrote."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from copy import copy
from dataclasses import dataclass, field
from typing import Any

from django.core.signals import got_request_exception
from django.db import connection, transaction
from django.http import HttpResponse
from django.test import Client
from django.urls import reverse

from planbank.access.surface import SITE, Door
from planbank.access.tokens import issue
from planbank.journal.record import Actor
from tests.access.oracle import Person, decides
from tests.access.surface.kinds import Example
from tests.access.surface.world import ABSENT, Planted
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
WHERE = "BRAIN"
# Words that addresses take besides numbers.
SAID = {"forward-act": "cancel", "export-act": "refuse", "destination-act": "pause"}
SAID |= {"audit-act": "close", "audit-copy-act": "withdraw", "audit-return-act": "refuse"}


@dataclass(frozen=True)
class Way:
    """One address of a door, and what it names; `asked` is what a door is asked about in words."""

    path: str
    scope: str | None = None
    example: Example | None = None
    absent: bool = False
    asked: Mapping[str, Any] = field(default_factory=dict)


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
    yield Way(reverse(door.name, kwargs={**gone, **_number(door, Example(ABSENT))}), absent=True)


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
        path = reverse(door.name, kwargs=kwargs)
        for one in planted.examples.get(door.name, []):
            yield Way(path, scope, one, asked=one.more)
        yield Way(path, scope, absent=door.name in planted.examples)
        return
    for example in planted.examples.get(door.of, []):
        if example.row and door.name not in EVERY_ROW and example.row not in SOME_ROWS:
            continue  # asked of the policy as the others of its kind ask
        yield Way(reverse(door.name, kwargs={**kwargs, **_number(door, example)}), scope, example)
    gone = Example("0" * 32 if isinstance(_any(planted, door), str) else ABSENT)
    yield Way(reverse(door.name, kwargs={**kwargs, **_number(door, gone)}), scope, absent=True)


def _any(planted: Planted, door: Door) -> Any:
    return next((example.number for example in planted.examples.get(door.of, [])), ABSENT)


def _number(door: Door, example: Example) -> dict[str, Any]:
    """The arguments of an address besides its scope: the row's number, and what else it says."""
    if not door.of:
        return {}
    names = re.findall(r"<(\w+):(\w+)>", str(site()[door.name].pattern))
    (_kind, first), *others = [(kind, name) for kind, name in names if name != door.scope]
    said = {name: ABSENT if kind == "int" else SAID.get(door.name, "x") for kind, name in others}
    more = {name: value for name, value in example.more.items() if name in said}
    return {first: example.number, **said, **more}


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

    def tries(
        self, method: str, path: str, body: Mapping[str, Any] | None = None, **headers: str
    ) -> tuple[HttpResponse, set[str]]:
        """The answer, and the tables that were written; all of it is undone."""
        self.client.cookies.clear()
        for name, value in self.cookies.items():
            self.client.cookies[name] = value
        self.planted.present = self.planted.users[self.person.name] if self.person.comes else None
        with transaction.atomic():
            before = _counts() if method != "GET" else {}
            answer = getattr(self.client, method.lower())(path, body or {}, headers=headers)
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
    return issue(user, name="nb", scope=None, purpose="a test", days=30, actor=actor, at=at, may_write=True)[
        1
    ]


__all__ = ["SITE", "Visitor", "Way", "token_of", "ways_of"]
