"""One command: see the package's docstring."""

from __future__ import annotations

import argparse
import statistics
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bench.nation.home import opened_home

TRIVIAL = "/account/"
# Lists as people use them: narrowed and searched.
MORE = (
    *(
        "/plans/?q=hjerte",
        "/plans/?q=0101",
        "/plans/?findings=open",
        "/plans/?institution=AUH",
        "/plans/?page=40",
    ),
    *(
        "/patients/?q=hansen",
        "/patients/?q=0101",
        "/patients/?page=40",
        "/search/?q=hansen",
        "/search/?q=0101",
    ),
    *("/arrivals/?page=3", "/journal/?action=view", "/services/?state=failed", "/protocols/?q=NATION-00"),
)


@dataclass(frozen=True)
class Line:
    """One page as one person."""

    person: str
    path: str
    status: int
    p95: float
    trivial: float
    queries: int


def main() -> None:
    parser = argparse.ArgumentParser(prog="bench.pages", description="p95 and queries of every page.")
    parser.add_argument("home", type=Path)
    parser.add_argument("--runs", type=int, default=20)
    parser.add_argument("--only", default="", help="pages whose address holds this")
    given = parser.parse_args()
    with opened_home(given.home) as bank:
        from django.apps import apps

        apps.get_app_config("web").house = bank.house
        lines = []
        for name, user in _people():
            for line in _asked(name, user, given.runs, given.only):
                lines.append(line)
                print(_said(line), flush=True)
    print("\nEach page as the person it is slowest for:")
    for line in sorted(_worst(lines), key=lambda line: -line.p95):
        print(_said(line))
    slow = [line for line in _worst(lines) if line.p95 > 300]
    print(f"{len(lines)} pages and people; {len(slow)} pages above 300 ms; x: times {TRIVIAL}")


def _said(line: Line) -> str:
    times = f"{line.p95:8.0f} ms {line.p95 / line.trivial:8.0f} x {line.queries:4} queries"
    return f"{line.path:44} {line.person:11} {line.status} {times}"


def _people() -> Iterator[tuple[str, Any]]:
    """One of each kind, from the nation's own grants."""
    from planbank.access.models import Grant
    from planbank.people.models import User

    works = {"affiliations__isnull": False, "is_active": True}
    yield "staff", User.objects.filter(**works, grants__isnull=True).order_by("pk").first()
    masked = Grant.objects.filter(role="reader", scope_kind="protocol", see=2, revoked_at=None)
    yield "masked", masked.order_by("-until", "user").first().user  # type: ignore[union-attr]
    yield "key user", Grant.objects.filter(role="key-user").order_by("pk").first().user  # type: ignore[union-attr]
    yield "admin", User.objects.get(username="admin")


def _asked(name: str, user: Any, runs: int, only: str) -> Iterator[Line]:
    from django.test import Client

    client = Client(SERVER_NAME="localhost")
    client.force_login(user, backend="allauth.account.auth_backends.AuthenticationBackend")
    for path in [*_addresses(user), *MORE]:
        if only not in path or client.get(path).status_code != 200:
            continue  # not this person's
        yield _measured(client, name, path, runs)


def _measured(client: Any, name: str, path: str, runs: int) -> Line:
    from django.db import connection

    asked: list[str] = []

    def count(execute: Any, sql: str, *more: Any) -> Any:
        asked.append(sql)
        return execute(sql, *more)

    with connection.execute_wrapper(count):
        status = client.get(path).status_code
    times, trivial = [], []
    for _run in range(runs):
        trivial.append(_seconds(client, TRIVIAL))
        times.append(_seconds(client, path))
    p95 = statistics.quantiles(times, n=20)[-1] if runs > 1 else times[0]
    return Line(name, path, status, p95 * 1000, statistics.median(trivial) * 1000, len(asked))


def _seconds(client: Any, path: str) -> float:
    begun = time.perf_counter()
    answer = client.get(path)
    if answer.streaming:
        for _part in answer.streaming_content:
            pass
    return time.perf_counter() - begun


def _addresses(user: Any) -> Iterator[str]:
    """The address of every page, with the first row of each kind that this person sees."""
    from django.urls import NoReverseMatch, reverse
    from django.utils import timezone

    from planbank.access.listing import projects_seen, protocols_seen
    from planbank.access.surface import SITE
    from planbank.catalogue.models import Instance, PatientFile, PlanSet, Series
    from planbank.reach import Reader

    reader, now = Reader(user, timezone.now()), timezone.now()
    rows = {"patient file": PatientFile, "plan set": PlanSet, "series": Series, "instance": Instance}
    scopes = {"protocol": protocols_seen, "project": projects_seen}
    for door in SITE.values():
        kwargs: dict[str, Any] = {}
        if door.scope:
            found = scopes[door.scope](user, now).order_by("pk").first() if door.scope in scopes else None
            kwargs[door.scope] = found.pk if found else 0
        if door.of in rows:
            row = reader.rows(rows[door.of]).order_by("pk").first()
            kwargs["pk"] = row.pk if row else 0
        if "GET" in door.methods:
            try:
                yield reverse(door.name, kwargs=kwargs)
            except NoReverseMatch:
                continue  # names a row that the nation has none of


def _worst(lines: list[Line]) -> list[Line]:
    """Each page once, as the person it is slowest for; numbers in addresses are one page."""
    found: dict[str, Line] = {}
    for line in lines:
        key = "".join("0" if sign.isdigit() else sign for sign in line.path.partition("?")[0])
        key += line.path.partition("?")[2]
        if key not in found or found[key].p95 < line.p95:
            found[key] = line
    return list(found.values())


if __name__ == "__main__":
    main()
