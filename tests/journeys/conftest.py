"""Fixtures of the journeys: one running bank per module."""

from __future__ import annotations

import tarfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.journeys.live import Live

SHARED = Path(__file__).resolve().parents[3] / "shared" / "data"


@pytest.fixture(scope="module")
def live(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Live]:
    """A running bank with two institutions, the sender DEMO_TPS of OUH and three people."""
    bank = Live(tmp_path_factory.mktemp("live") / "home")
    try:
        bank.up()
        bank.apply()
        yield bank
    finally:
        bank.down()


@pytest.fixture(scope="session")
def alderson(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """The 164 files of the Alderson phantom's plan (../shared/data/SOURCES.md)."""
    archive = SHARED / "alderson-pelvis-vmat-raystation.tar.xz"
    if not archive.exists():
        pytest.skip("the shared data sets are not on this machine (../shared/data)")
    folder = tmp_path_factory.mktemp("alderson")
    with tarfile.open(archive) as tar:
        tar.extractall(folder, filter="data")
    return sorted(p for p in folder.rglob("*") if p.is_file())
