"""The way in, with real plans and foreign senders (receive.md, rules 4 and 5).

Everything is asserted through the bank's own commands and what lies in its archive.
"""

from __future__ import annotations

import os
import random
import shutil
import subprocess
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pydicom
import pytest

from planbank.dicom.compare import same_elements
from tests.gate.raw_peer import (
    CT,
    EXPLICIT,
    IMPLICIT,
    SUCCESS,
    Part10,
    RefusedError,
    read_part10,
    send_file,
    send_object,
)
from tests.journeys.live import Live
from tests.journeys.objects import archived

DCMSEND = shutil.which("dcmsend")
MALFORMED = Path(pydicom.__file__).parent / "data"


def dcmsend(live: Live, files: list[Path]) -> None:
    """DCMTK's own sender, as a hospital would use it."""
    assert DCMSEND, "dcmsend (Debian package dcmtk) is needed"
    call = ["-aet", "DEMO_TPS", "-aec", "PLANBANK", "127.0.0.1", str(live.dicom_port)]
    done = subprocess.run(
        [DCMSEND, *call, *map(str, files)],
        env=os.environ | {"TCP_NODELAY": "1"},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr[-2000:]


@pytest.fixture(scope="module")
def shuffled(alderson: list[Path]) -> list[Path]:
    files = list(alderson)
    random.Random(164).shuffle(files)
    return files


@pytest.fixture(scope="module")
def sent(live: Live, shuffled: list[Path]) -> dict[str, int]:
    """The Alderson plan, sent once by dcmsend over one association; the status afterwards."""
    dcmsend(live, shuffled)
    return live.settled()


def test_a_real_plan_is_kept_whole(live: Live, sent: dict[str, int]) -> None:
    """164 instances of one patient, nothing quarantined, everything done (R3, R8, R11)."""
    assert sent["instances"] == sent["versions"] == sent["submissions"] == 164
    assert sent["patients"] == 1
    for nothing in ("quarantined", "in_transit", "jobs_todo", "jobs_failed", "outcomes_failed"):
        assert sent[nothing] == 0, nothing


def test_what_dcmsend_re_encoded_holds_the_same_elements(
    live: Live, sent: dict[str, int], shuffled: list[Path]
) -> None:
    """dcmsend writes implicit files as explicit ones, so bytes cannot be compared with the files."""
    kept = archived(live.home)
    for path in shuffled:
        file = read_part10(path)
        objects = kept[file.sop_instance_uid]
        assert objects, path.name
        for found in objects:
            assert found.sop_class_uid == file.sop_class_uid
            assert same_elements(file.data, file.transfer_syntax_uid, found.data, found.transfer_syntax_uid)


def test_sent_again_object_by_object_stores_nothing_and_is_noted(
    live: Live, sent: dict[str, int], shuffled: list[Path]
) -> None:
    """R15: one association per object, four at a time."""
    before = live.status()
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda path: dcmsend(live, [path]), shuffled))
    after = live.settled()
    for same in ("patients", "studies", "series", "instances", "versions", "quarantined"):
        assert after[same] == before[same], same
    assert after["submissions"] == before["submissions"] + 164


def test_the_very_bytes_of_a_file_are_kept(live: Live, sent: dict[str, int], shuffled: list[Path]) -> None:
    """A raw-socket sender sends each file's own bytes in its own syntax: the archive holds these.

    The elements are those that dcmsend sent before, so each arrival is a re-export: nothing
    becomes a new instance, both encodings are kept.
    """
    before = live.status()
    with ThreadPoolExecutor(4) as pool:
        statuses = pool.map(lambda path: send_file("127.0.0.1", live.dicom_port, path), shuffled)
        assert set(statuses) == {SUCCESS}
    after = live.settled(deep=True)
    assert after["instances"] == before["instances"]
    assert after["submissions"] == before["submissions"] + 164
    assert after["quarantined"] == 0
    kept = archived(live.home)
    for path in shuffled:
        file = read_part10(path)
        assert file in kept[file.sop_instance_uid], path.name


def malformed() -> Iterator[Path]:
    """Every file of pydicom's own test data, DICOM or not."""
    yield from sorted(p for p in MALFORMED.rglob("*") if p.is_file() and p.suffix not in (".py", ".pyc"))


def send_as_it_is(live: Live, number: int, path: Path) -> int | None:
    """The bytes of a file; what is no Part 10 file goes as a data set. None: no association for it."""
    try:
        part10 = read_part10(path)
    except (ValueError, KeyError):
        syntax = (EXPLICIT, IMPLICIT)[number % 2]
        part10 = Part10(CT, f"1.2.826.0.1.3680043.8.498.{number + 1}", syntax, path.read_bytes())
    try:
        return send_object("127.0.0.1", live.dicom_port, part10)
    except RefusedError:
        return None


def test_malformed_files_are_stored_or_refused_with_a_reason_and_nothing_dies(live: Live) -> None:
    """pydicom's test files, malformed ones among them: one of model.md's three ends for each (R17)."""
    pids, before = live.all_pids(), live.status()
    files = list(malformed())
    ends = [send_as_it_is(live, number, path) for number, path in enumerate(files)]
    accepted = sum(end == SUCCESS for end in ends)
    assert accepted > 100, "most of the files are DICOM"
    after = live.settled(deep=True)
    arrived = after["submissions"] - before["submissions"]
    set_aside = after["quarantined"] - before["quarantined"]
    assert arrived + set_aside == accepted
    assert arrived > 80
    assert all(pids.values())
    assert live.all_pids() == pids, "a process died"
    log = live.log.read_text()
    for fault in ("Traceback", "service failed", "could not be looked at", "could not be filed"):
        assert fault not in log
