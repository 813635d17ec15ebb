"""Fixtures of the whole suite.

`bank` is a migrated database in a transaction of its own with an archive and a transit area in
memory; `live` is a real `planbank up` on free ports (tests/journeys).
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

ROOT = Path(__file__).resolve().parents[1]
SHARED = ROOT.parent / "shared" / "data"

# Times differ from machine to machine; a slow one must not fail a property.
settings.register_profile(
    "planbank",
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
)
settings.load_profile("planbank")


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--kill-seed", type=int, default=20231018, help="What the kill loop strikes, and when.")
    parser.addoption("--kills", type=int, default=500, help="How often `make soak` strikes.")


def pytest_configure(config: pytest.Config) -> None:
    """Django is set up once, before any test module is imported."""
    os.environ.setdefault("NUMBA_CACHE_DIR", str(ROOT / ".pytest_cache" / "numba"))
    _start_django(config)


def _start_django(config: pytest.Config) -> None:
    from planbank import boot
    from planbank.config import load
    from planbank.embedded import EmbeddedPostgres
    from planbank.transit.keys import KeyFolder

    worker = os.environ.get("PYTEST_XDIST_WORKER", "main")
    if worker == "main":
        folder = tempfile.mkdtemp(prefix="planbank-tests-")
        os.environ["PLANBANK_TEST_HOME"] = folder
        home = Path(folder) / "home"
        home.mkdir()
        (home / "test").touch()
        KeyFolder(home / "keys").ensure(parcels_exist=False)
        server = EmbeddedPostgres(home)
        server.start()
        config._planbank_server = server  # type: ignore[attr-defined]
    home = Path(os.environ["PLANBANK_TEST_HOME"]) / "home"
    boot.start_django(load(home=home, log_level="ERROR"), "test")
    from planbank.pipeline.registry import SERVICES

    SERVICES.freeze()


def pytest_unconfigure(config: pytest.Config) -> None:
    server = getattr(config, "_planbank_server", None)
    if server is not None:
        import shutil

        server.stop()
        shutil.rmtree(os.environ["PLANBANK_TEST_HOME"], ignore_errors=True)


@pytest.fixture(scope="session")
def kill_seed(request: pytest.FixtureRequest) -> int:
    """The seed of the kill loop (tests/journeys/kill_loop.py), printed by it."""
    seed: int = request.config.getoption("--kill-seed")
    return seed


@pytest.fixture(scope="session")
def kills(request: pytest.FixtureRequest) -> int:
    """How often the kill loop of `make soak` strikes."""
    number: int = request.config.getoption("--kills")
    return number


@pytest.fixture(scope="session")
def s3_server() -> Iterator[object]:
    """An S3-compatible object store of somebody else's, as a process of its own."""
    from tests.s3_server import running

    with running() as server:
        yield server


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[object]:
    """Debian's PostgreSQL, as a server that is not the bank's own."""
    from tests.postgres_server import running

    with running() as server:
        yield server


@pytest.fixture
def shared_data() -> Path:
    """The folder of real DICOM sets, which are not ours to commit."""
    if not SHARED.is_dir():
        pytest.skip("the shared data sets are not on this machine (../shared/data)")
    return SHARED


@pytest.fixture
def now() -> datetime:
    return datetime(2026, 11, 17, 8, 30, tzinfo=UTC)


@pytest.fixture
def house(tmp_path: Path, now: datetime) -> Iterator[object]:
    """A House on memory twins with a clock that stands still."""
    from planbank.archive.memory import MemoryStore
    from planbank.config import load
    from planbank.house import FixedClock, House
    from planbank.transit.keys import KeyFolder
    from planbank.transit.memory import MemoryTray
    from planbank.transit.unseal import Opener

    keys = KeyFolder(tmp_path / "keys")
    keys.ensure(parcels_exist=False)
    tray = MemoryTray(
        recipients=keys.recipients(),
        signer=keys.signer("gate"),
        opener=Opener.load(keys.file("transit.key")),
        verifiers=keys.verifiers(),
        answer_signer=keys.signer("work"),
        answer_key=keys.signer("work").verify_key(),
    )
    yield House(load(home=tmp_path), MemoryStore(), tray, keys.path, FixedClock(now))


@pytest.fixture
def bank(house: object, db: None) -> object:
    """The house of a migrated, empty bank; everything is rolled back after the test."""
    from django.apps import apps

    apps.get_app_config("web").house = house
    return house


@pytest.fixture
def triggers_back(django_db_setup: None, django_db_blocker: object) -> Iterator[None]:
    """Ends last: the connection that was allowed to empty the journal is not used again."""
    yield
    from django.db import connection

    with django_db_blocker.unblock():  # type: ignore[attr-defined]
        connection.close()


@pytest.fixture
def committed(triggers_back: None, transactional_db: None, house: object) -> Iterator[object]:
    """A bank in which every transaction is committed, for tests of several at once; emptied after."""
    from django.apps import apps
    from django.db import connection

    apps.get_app_config("web").house = house
    yield house
    with connection.cursor() as cursor:
        cursor.execute("TRUNCATE procrastinate_jobs, procrastinate_workers CASCADE")
        cursor.execute("SET session_replication_role = replica")
