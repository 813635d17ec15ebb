"""A real `planbank up` for journeys: started, asked by its own commands and over HTTP, ended.

Comes in: a folder. Goes out: a bank on free ports whose processes are all gone afterwards.
"""

from __future__ import annotations

import ctypes
import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
import tomllib
from dataclasses import dataclass, field
from http.cookiejar import CookieJar
from pathlib import Path
from urllib.error import HTTPError, URLError
from urllib.parse import urlencode
from urllib.request import HTTPCookieProcessor, Request, build_opener, urlopen

import psutil

from tests.journeys.cluster import lay

SITE = """
[[institution]]
code = "OUH"
name = "Odense University Hospital"
identity_scheme = "CPR"

[[institution]]
code = "AUH"
name = "Aarhus University Hospital"
identity_scheme = "CPR"

[[sender]]
ae_title = "DEMO_TPS"
network = "127.0.0.0/8"
institution = "OUH"

[[user]]
username = "mette"
name = "Mette Holm"
institutions = ["OUH"]

[[user]]
username = "jens"
name = "Jens Bro"
institutions = ["AUH"]

[[user]]
username = "admin"
name = "Ada Admin"
is_site_admin = true
"""
TRIAL = """
[[controller]]
name = "Region"

[[protocol]]
short_name = "TRIAL"
title = "A trial"
kind = "demo"
purpose = "To show it"
legal_basis = "None needed"
controllers = ["Region"]
contacts = [{name = "Mette"}]
status = "active"

[[participation]]
protocol = "TRIAL"
institution = "@institution"

[[trigger]]
protocol = "TRIAL"
roi_name = "@roi"
"""
ENDS_WITHIN = 10.0
ONE_AFTER_THE_OTHER = """
import sys
from planbank.cli import app
for command in sys.argv[1:]:
    app(command.split(), standalone_mode=False)
"""
# A test run that is killed leaves no bank behind.
LIBC, PR_SET_PDEATHSIG = ctypes.CDLL(None), 1


def trial(institution: str, roi: str) -> str:
    """A trial that plans of an institution join by the name of an ROI, as `planbank apply` takes it."""
    return TRIAL.replace("@institution", institution).replace("@roi", roi)


def free_ports(count: int) -> list[int]:
    """Ports that nobody listens on."""
    sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    ports = [s.getsockname()[1] for s in sockets]
    for s in sockets:
        s.close()
    return ports


class Browser:
    """Just enough of one: cookies, forms with their token, redirects."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.opener = build_opener(HTTPCookieProcessor(CookieJar()))

    def get(self, path: str, data: bytes | None = None) -> tuple[int, str]:
        """Status and body, after redirects; signed out, that is the sign-in page with 401."""
        request = Request(f"{self.url}{path}", data, {"Referer": f"{self.url}{path}"})
        try:
            with self.opener.open(request, timeout=30) as answer:
                signed_out = "/sign-in/" in answer.url and not path.startswith("/sign-in/")
                return 401 if signed_out else answer.status, answer.read().decode()
        except HTTPError as exc:
            return exc.code, exc.read().decode()

    def post(self, path: str, **fields: str) -> tuple[int, str]:
        """Fill in and send the form of a page."""
        return self.send_form(path, path, **fields)

    def send_form(self, page: str, to: str, **fields: str) -> tuple[int, str]:
        """The same where the form leads elsewhere."""
        found = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', self.get(page)[1])
        assert found, f"{page} has no form"
        return self.get(to, urlencode(fields | {"csrfmiddlewaretoken": found[1]}).encode())


@dataclass
class Live:
    """One home and the `planbank up` that runs in it."""

    home: Path
    workers: int = 2
    bare: bool = False
    """Whether the first start makes its own database, as it does for a user."""
    process: subprocess.Popen[bytes] | None = None
    links: dict[str, str] = field(default_factory=dict)
    """Username -> the one-time link that `apply` printed."""

    def __post_init__(self) -> None:
        self.web_port, self.dicom_port = free_ports(2)
        self.url = f"http://127.0.0.1:{self.web_port}"
        self.log = self.home.parent / f"{self.home.name}.log"
        plain = {k: v for k, v in os.environ.items() if not k.startswith("PLANBANK_")}
        self.env = plain | {
            "PLANBANK_HOME": str(self.home),
            "PLANBANK_WEB_PORT": str(self.web_port),
            "PLANBANK_DICOM_PORT": str(self.dicom_port),
            "PLANBANK_DICOM_HOST": "127.0.0.1",
            "PLANBANK_GATE_METRICS_PORT": "0",
            "PLANBANK_WORKERS": str(self.workers),
        }

    # --- its life

    def up(self, *arguments: str) -> None:
        """Start, and wait until site and gate answer."""
        if not self.home.exists() and not self.bare:
            lay(self.home)
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "planbank", "up", "--home", str(self.home), *arguments],
                env=self.env,
                stdout=log,
                stderr=log,
                start_new_session=True,
                preexec_fn=lambda: LIBC.prctl(PR_SET_PDEATHSIG, signal.SIGTERM, 0, 0, 0),
            )
        self.until(self.answers, 60, "site and gate do not answer")

    def answers(self) -> bool:
        """Whether site and gate take connections; fails at once where `up` has ended."""
        assert self.process is not None and self.process.poll() is None, self.log_end()
        try:
            urlopen(f"{self.url}/sign-in/", timeout=5).close()
            socket.create_connection(("127.0.0.1", self.dicom_port), 2).close()
        except (URLError, OSError):
            return False
        return True

    def down(self) -> None:
        """SIGTERM; everything must have ended within 10 seconds."""
        if self.process is None:
            return
        known = self.processes()
        begun = time.monotonic()
        self.process.send_signal(signal.SIGTERM)
        try:
            code = self.process.wait(ENDS_WITHIN)
        except subprocess.TimeoutExpired:
            for process in known:
                process.kill()
            raise AssertionError(f"up did not end within {ENDS_WITHIN:g} s: {self.log_end()}") from None
        self.process = None
        while (left := self._left(known)) and time.monotonic() - begun < ENDS_WITHIN:
            time.sleep(0.05)
        for process in left:
            process.kill()
        assert not left, f"processes are left: {left}"
        assert code == 0, self.log_end()

    def _left(self, known: list[psutil.Process]) -> list[psutil.Process]:
        return [p for p in {*known, *self.processes()} if _lives(p)]

    def kill_up(self) -> None:
        """SIGKILL to `up` alone; what it started must end by itself."""
        assert self.process is not None
        known = self.processes()
        self.process.kill()
        self.process.wait()
        self.process = None
        self.until(lambda: not self._left(known), ENDS_WITHIN + 5, "children outlive up")

    def processes(self) -> list[psutil.Process]:
        """Every process of this home, the database's included."""
        found: set[psutil.Process] = set()
        for process in psutil.process_iter():
            try:
                ours = process.environ().get("PLANBANK_HOME") == str(self.home)
                ours = ours or str(self.home / "pg") in process.cmdline()
            except psutil.Error:
                continue
            if ours and process.pid != os.getpid():
                found |= {process, *process.children(recursive=True)}
        return sorted(found, key=lambda p: p.pid)

    def pids(self, name: str) -> list[int]:
        """The pids of the children called gate, web, work or clock (of the main one, for web)."""
        assert self.process is not None
        words = {"gate": "planbank.gate"}.get(name, name)
        return sorted(
            child.pid for child in psutil.Process(self.process.pid).children() if words in _command(child)
        )

    def all_pids(self) -> dict[str, list[int]]:
        return {name: self.pids(name) for name in ("gate", "web", "clock", "work")}

    # --- its commands

    def run(self, *arguments: str, timeout: float = 120) -> subprocess.CompletedProcess[str]:
        """Run a command of the command line in this home."""
        return subprocess.run(
            [sys.executable, "-m", "planbank", *arguments],
            env=self.env,
            capture_output=True,
            text=True,
            timeout=timeout,
        )

    def planbank(self, *arguments: str, timeout: float = 120) -> str:
        """As `run`, for a command that must succeed; what it said."""
        done = self.run(*arguments, timeout=timeout)
        assert done.returncode == 0, f"{arguments}: {done.stdout}{done.stderr}"
        return done.stdout

    def apply(self, toml: str = SITE) -> str:
        """Apply settings and wait until the gate knows the senders."""
        file = self.home.parent / "site.toml"
        file.write_text(toml)
        said = self.planbank("apply", str(file))
        self.links |= dict(re.findall(r"^one-time link for (\S+): (\S+)$", said, re.MULTILINE))
        senders = self.home / "transit" / "control" / "senders.json"
        wanted = {row["ae_title"] for row in tomllib.loads(toml).get("sender", [])}
        self.until(
            lambda: senders.exists() and all(name in senders.read_text() for name in wanted),
            20,
            "the senders are not published",
        )
        return said

    def status(self) -> dict[str, int]:
        counts: dict[str, int] = json.loads(self.planbank("status", "--json"))
        return counts

    def settled(self, timeout: float = 90, *, deep: bool = False) -> dict[str, int]:
        """`wait`, where asked for `check --deep`, then `status --json`: all in one process, to be quick."""
        commands = [f"wait --timeout {timeout:g}", *(["check --deep"] if deep else []), "status --json"]
        done = subprocess.run(
            [sys.executable, "-c", ONE_AFTER_THE_OTHER, *commands],
            env=self.env,
            capture_output=True,
            text=True,
            timeout=timeout + 60,
        )
        assert done.returncode == 0, f"{commands}: {done.stdout}{done.stderr}"
        said, brace, counts = done.stdout.partition("{")
        assert "All well" in said or not deep
        found: dict[str, int] = json.loads(brace + counts)
        return found

    # --- its site

    def get(self, path: str) -> tuple[int, str]:
        """Status and body of a page, for nobody in particular."""
        return Browser(self.url).get(path)

    def set_password(self, username: str, password: str) -> None:
        """Follow the one-time link that `apply` printed, as the person would."""
        browser = Browser(self.url)
        path = self.links[username].removeprefix(self.url)
        _status, page = browser.post(path, new_password1=password, new_password2=password)
        assert "Your password is set" in page
        assert browser.get(path)[0] == 410, "the link works once"

    def sign_in(self, username: str, password: str) -> Browser:
        """A session of this person; fails where the site does not let them in."""
        browser = Browser(self.url)
        browser.post("/sign-in/", login=username, password=password)
        assert browser.get("/account/")[0] == 200, f"{username} is not let in"
        return browser

    # --- waiting

    def until(self, so: object, seconds: float, what: str) -> None:
        """Wait until `so()`; fails with `what` and the end of the log."""
        assert callable(so)
        deadline = time.monotonic() + seconds
        while not so():
            assert time.monotonic() < deadline, f"{what} after {seconds:g} s: {self.log_end()}"
            time.sleep(0.1)

    def log_end(self, size: int = 4000) -> str:
        return self.log.read_text(errors="replace")[-size:]


def _lives(process: psutil.Process) -> bool:
    """False also for one that ends while it is asked."""
    try:
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def _command(process: psutil.Process) -> list[str]:
    try:
        return process.cmdline()
    except psutil.Error:
        return []
