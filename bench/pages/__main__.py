"""One command: see the package's docstring."""

from __future__ import annotations

import argparse
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from bench.nation.home import opened_home
from bench.pages.addresses import addresses, people
from bench.pages.cost import Cost, explained, measured
from planbank.processes.garbage import collect_less

LIMIT = 300
HEAD = f"{'page':46} {'person':9} {'p95 ms':>7} {'page':>7} {'database':>8} {'queries':>7} {'slow':>4}"


@dataclass(frozen=True)
class Line:
    """One page as one person."""

    person: str
    path: str
    cost: Cost

    def __str__(self) -> str:
        c = self.cost
        times = f"{c.p95_ms:7.0f} {c.page_ms:7.1f} {c.database_ms:8.1f} {len(c.queries):7} {c.slow:4}"
        return f"{self.path[:46]:46} {self.person:9} {times}"


def main() -> None:
    parser = argparse.ArgumentParser(prog="bench.pages", description="What every page costs.")
    parser.add_argument("home", type=Path)
    parser.add_argument("--runs", type=int, default=20)
    parser.add_argument("--only", default="", help="pages whose address holds this")
    parser.add_argument("--explain", type=int, default=0, metavar="N", help="plans of the N slowest queries")
    given = parser.parse_args()
    with opened_home(given.home) as bank:
        from django.apps import apps

        apps.get_app_config("web").house = bank.house
        collect_less()  # as the process web does
        print(HEAD)
        lines = []
        for line in _asked(given.runs, given.only):
            lines.append(line)
            print(line, flush=True)
            for seconds, sql, params in sorted(line.cost.queries, key=lambda q: -q[0])[: given.explain]:
                print(f"--- {seconds * 1000:.0f} ms\n{sql}\n{explained(sql, params)}\n")
    print(f"\nEach page as the person it is dearest for (load {os.getloadavg()[0]:.1f}):\n{HEAD}")
    worst = sorted(_worst(lines), key=lambda line: -line.cost.cpu_ms)
    print(*worst, sep="\n")
    slow = sum(line.cost.p95_ms > LIMIT for line in worst)
    dear = sum(line.cost.cpu_ms > LIMIT for line in worst)
    print(f"{len(lines)} pages and people; above {LIMIT} ms: {slow} by the clock, {dear} by processor time")


def _asked(runs: int, only: str) -> Iterator[Line]:
    from django.test import Client

    for name, user in people():
        client = Client(SERVER_NAME="localhost")
        client.force_login(user, backend="allauth.account.auth_backends.AuthenticationBackend")
        for path in addresses(user):
            if only not in path:
                continue
            cost = measured(client, path, runs)
            if cost.status == 200:  # else not this person's
                yield Line(name, path, cost)


def _worst(lines: list[Line]) -> list[Line]:
    """Each page once, as the person it is dearest for; numbers in addresses are one page."""
    found: dict[str, Line] = {}
    for line in lines:
        path, _, query = line.path.partition("?")
        key = "".join("0" if sign.isdigit() else sign for sign in path) + query
        if key not in found or found[key].cost.cpu_ms < line.cost.cpu_ms:
            found[key] = line
    return list(found.values())


if __name__ == "__main__":
    main()
