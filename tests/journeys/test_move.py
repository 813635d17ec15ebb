"""A bank moves: its database onto Debian's PostgreSQL, its archive into a bucket; and goes on there."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from planbank.demo.patients import make_patient, part10
from tests.journeys.live import Live
from tests.postgres_server import PostgresServer
from tests.s3_server import S3Server


@pytest.fixture
def live(tmp_path: Path) -> Iterator[Live]:
    live = Live(tmp_path / "home")
    live.up()
    try:
        live.apply()
        yield live
    finally:
        live.down()


def send(live: Live, seed: int, folder: Path) -> None:
    folder.mkdir()
    for number, ds in enumerate(make_patient("prostate", seed=seed, institution="OUH").objects):
        (folder / f"{number:04d}.dcm").write_bytes(part10(ds))
    live.planbank("send", str(folder), "--to", f"127.0.0.1:{live.dicom_port}", "--calling", "DEMO_TPS")


def test_onto_a_server_and_into_a_bucket(
    live: Live, s3_server: S3Server, postgres_server: PostgresServer, tmp_path: Path
) -> None:
    send(live, 21, tmp_path / "a")
    before = live.settled(deep=True)
    refused = live.run("move", "database", postgres_server.database())
    assert (refused.returncode, "Another planbank runs" in refused.stderr) == (1, True)
    live.down()

    database, bucket = postgres_server.database(), s3_server.bucket()
    (tmp_path / "secret").write_text(bucket.secret)
    there = {
        "PLANBANK_S3_ENDPOINT": bucket.endpoint,
        "PLANBANK_S3_ACCESS_KEY_ID": bucket.access_key_id,
        "PLANBANK_S3_SECRET_FILE": str(tmp_path / "secret"),
    }
    live.env |= there
    address = f"s3://{bucket.name}/{bucket.folder}"
    assert "both sides say the same" in live.planbank("move", "database", database)
    again = live.run("move", "database", database)
    assert (again.returncode, "is not empty. Nothing was copied" in again.stderr) == (1, True)
    assert "0 were there" in live.planbank("move", "archive", address)
    assert live.planbank("move", "archive", address).startswith("0 copied")

    (live.home / "archive" / "objects").rename(tmp_path / "old")
    live.env |= {"PLANBANK_DATABASE_URL": database, "PLANBANK_ARCHIVE_URL": address}
    live.up()
    after = live.settled(deep=True)
    assert after == before
    send(live, 22, tmp_path / "b")
    more = live.settled(deep=True)
    assert (more["patients"], more["plans"]) == (before["patients"] + 1, before["plans"] + 1)
    assert not (live.home / "archive" / "objects").exists(), "what is new lies in the bucket"
