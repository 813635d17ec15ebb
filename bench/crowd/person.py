"""One person who reads: a page, a few seconds, the next page.

Comes in: where the site is, a session, paths. Goes out: `Visit`s, put into a list that all share.
"""

from __future__ import annotations

import http.client
import random
import re
import time
from dataclasses import dataclass

READING = 3.0  # seconds, on average


@dataclass(frozen=True)
class Visit:
    """One page as it was opened: what kind, its status, seconds to its first and its last byte."""

    kind: str
    status: int
    first: float
    last: float


def read_on(
    site: tuple[str, int], cookie: str, paths: list[str], end: float, visits: list[Visit], seed: int
) -> None:
    """Open pages until `end` (monotonic). The same seed opens the same pages in the same order."""
    chance = random.Random(seed)
    time.sleep(chance.uniform(0.0, READING))
    connection = http.client.HTTPConnection(*site, timeout=60)
    while time.monotonic() < end:
        path = chance.choice(paths)
        begun = time.perf_counter()
        answer = _opened(connection, path, cookie)
        first = time.perf_counter() - begun
        answer.read()
        kind = re.sub(r"\d+", "N", path.partition("?")[0]) + path.partition("?")[2]
        visits.append(Visit(kind, answer.status, first, time.perf_counter() - begun))
        time.sleep(chance.expovariate(1 / READING))
    connection.close()


def _opened(connection: http.client.HTTPConnection, path: str, cookie: str) -> http.client.HTTPResponse:
    """The answer; a connection that the site closed meanwhile is opened anew, as a browser does."""
    for _attempt in range(2):
        try:
            connection.request("GET", path, headers={"Cookie": f"sessionid={cookie}"})
            return connection.getresponse()
        except (http.client.RemoteDisconnected, ConnectionError):
            connection.close()
    raise ConnectionError(f"{path}: no answer, twice")
