"""The nation of the benches: whole, refused where there is something, and a bank that runs."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import psycopg
import pytest

from planbank.embedded import EmbeddedPostgres

ROOT = Path(__file__).resolve().parents[2]
PATIENTS = 25
_FOREIGN_KEYS = """
SELECT format('ALTER TABLE %I DROP CONSTRAINT %I', c.relname, k.conname),
    format('ALTER TABLE %I ADD CONSTRAINT %I %s', c.relname, k.conname, pg_get_constraintdef(k.oid))
FROM pg_constraint k JOIN pg_class c ON c.oid = k.conrelid
WHERE k.contype = 'f' AND c.relnamespace = 'public'::regnamespace
"""


def nation(home: Path, *more: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "bench.nation", str(home), "--patients", str(PATIENTS), *more]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True)


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    home = tmp_path_factory.mktemp("nation") / "home"
    home.parent.chmod(0o711)
    home.parents[1].chmod(0o711)
    done = nation(home, "--real", "0")
    assert done.returncode == 0, done.stderr
    return home


@pytest.fixture(scope="module")
def database(home: Path) -> psycopg.Connection:
    server = EmbeddedPostgres(home)
    server.start()
    with psycopg.connect(server.url, autocommit=True) as connection:
        yield connection
    server.stop()


def count(database: psycopg.Connection, what: str) -> int:
    return database.execute(f"SELECT count(*) FROM {what}").fetchone()[0]


def test_every_reference_holds(database: psycopg.Connection) -> None:
    """Rows went in unchecked; put on anew, each foreign key looks at all of them."""
    for drop, add in database.execute(_FOREIGN_KEYS).fetchall():
        database.execute(drop)
        database.execute(add)


def test_proportions_are_those_of_a_country(database: psycopg.Connection) -> None:
    objects = count(database, "catalogue_instance")
    slices = count(database, "catalogue_instanceversion WHERE modality = 'CT'")
    assert count(database, "catalogue_patient") == PATIENTS
    assert 100 * PATIENTS < objects < 250 * PATIENTS
    assert 0.9 < slices / objects < 0.98
    assert count(database, "catalogue_dvh") > 10 * count(database, "catalogue_planset WHERE kind = 'plan'")
    assert count(database, "pipeline_outcome WHERE state = 'due'") == 0


def test_new_rows_get_numbers_above_the_old(database: psycopg.Connection) -> None:
    (number,) = database.execute("SELECT nextval('catalogue_instance_id_seq')").fetchone()
    assert number > count(database, "catalogue_instance")


def test_nothing_of_the_making_is_left(database: psycopg.Connection) -> None:
    assert count(database, "pg_namespace WHERE nspname = 'nation'") == 0


def test_a_home_that_holds_anything_is_refused(tmp_path: Path) -> None:
    (tmp_path / "keep").write_text("mine")
    done = nation(tmp_path)
    assert done.returncode == 1
    assert "holds other data" in done.stderr
    assert [p.name for p in tmp_path.iterdir()] == ["keep"]
