"""The bank that a crowd comes to: sessions of its people, and its processes.

Comes in: a home of `bench.nation`. Goes out: cookies with the paths each person opens; `planbank up`
on free ports.
"""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bench.receive.usage import cpu_seconds

LISTS = (
    *("/", "/plans/", "/patients/", "/arrivals/", "/unassigned/", "/protocols/"),
    *("/plans/?q=hjerte", "/plans/?findings=warn", "/patients/?q=0101", "/search/?q=hansen"),
)
STARTS_IN = 120.0


@dataclass(frozen=True)
class Running:
    """Where it answers."""

    pid: int
    site: tuple[str, int]
    gate: str

    def cpu_seconds(self) -> float:
        """Of all its processes, the database's too."""
        return cpu_seconds(self.pid)


def sessions(people: int) -> list[tuple[str, list[str]]]:
    """Session key and paths of so many: those who work for a centre, and readers of protocols, by turns."""
    from django.test import Client
    from django.utils import timezone

    from planbank.access.listing import protocols_seen
    from planbank.catalogue.models import PatientFile, PlanSet
    from planbank.people.models import User
    from planbank.reach import Reader

    def some(model: Any, reader: Reader, address: str) -> list[str]:
        rows = reader.rows(model).order_by("-last_received_at").values_list("pk", flat=True)[:5]
        return [address.format(pk) for pk in rows]

    active = User.objects.filter(is_active=True, is_site_admin=False)
    staff = active.filter(affiliations__isnull=False, grants__isnull=True).distinct().order_by("pk")
    readers = active.filter(grants__scope_kind="protocol").distinct().order_by("pk")
    found = []
    for pair in zip(staff[:people], readers[:people], strict=False):
        for user in pair:
            client, reader = Client(), Reader(user, timezone.now())
            client.force_login(user, backend="allauth.account.auth_backends.AuthenticationBackend")
            paths = [
                *LISTS,
                *some(PlanSet, reader, "/plans/{}/"),
                *some(PatientFile, reader, "/patients/{}/"),
            ]
            for protocol in protocols_seen(user, timezone.now()).order_by("pk")[:1]:
                paths += [f"/protocols/{protocol.pk}/", f"/protocols/{protocol.pk}/plans/"]
            found.append((client.cookies["sessionid"].value, paths))
    return found[:people]


@contextmanager
def running(home: Path) -> Iterator[Running]:
    """`planbank up` until the block ends."""
    web, dicom = _free(), _free()
    ports = {"WEB_PORT": web, "DICOM_PORT": dicom, "GATE_METRICS_PORT": 0}
    env = os.environ | {f"PLANBANK_{name}": str(port) for name, port in ports.items()}
    command = [sys.executable, "-m", "planbank", "up", "--home", str(home)]
    with (
        (home / "up.log").open("wb") as log,
        subprocess.Popen(command, env=env, stderr=log, stdout=log) as up,
    ):
        try:
            _answers(web, up)
            yield Running(up.pid, ("127.0.0.1", web), f"127.0.0.1:{dicom}")
        finally:
            up.terminate()


def _answers(port: int, up: subprocess.Popen[bytes]) -> None:
    until = time.monotonic() + STARTS_IN
    while time.monotonic() < until and up.poll() is None:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/healthz", timeout=5):
                return
        except (urllib.error.URLError, OSError):
            time.sleep(0.2)
    sys.exit("planbank up does not answer; see up.log in the home.")


def _free() -> int:
    with socket.create_server(("127.0.0.1", 0)) as free:
        return int(free.getsockname()[1])
