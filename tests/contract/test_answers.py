"""What every place of answers must do, with real keys: run on the folder and on its twin in memory (R21)."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st

from planbank.errors import KeyMissing, ParcelDamaged, ParcelError, ParcelUnsigned
from planbank.transit.answers import Answer, sign, verified
from planbank.transit.folder_answers import FolderAnswers
from planbank.transit.memory import MemoryAnswers
from planbank.transit.parcel import new_parcel_id
from planbank.transit.signature import Signer

if TYPE_CHECKING:
    from pathlib import Path

    from planbank.transit.answers import Answers

WORK = Signer("work", Ed25519PrivateKey.generate())
KEYS: dict[str, Any] = {"signer": WORK, "verify_key": WORK.verify_key()}
CT = "1.2.840.10008.5.1.4.1.1.2"
Make = Callable[..., "Answers"]


def answer(**changed: Any) -> Answer:
    usual = Answer(
        request_id=new_parcel_id(datetime(2026, 3, 1, 12, tzinfo=UTC)),
        association_id="a" * 32,
        calling_ae="OUH_ARIA",
        called_ae="PLANBANK",
        transaction_uid="1.2.3",
        answered_at="2026-03-01T12:00:00.000000+00:00",
        safe=((CT, "1.2.3.4"),),
        failed=((CT, "1.2.3.5", 0x0112),),
        host="10.62.9.14",
        port=104,
    )
    return replace(usual, **changed)


@pytest.fixture(params=["folder", "memory"])
def make(request: pytest.FixtureRequest, tmp_path: Path) -> Make:
    """Makes places with the usual keys, or others; all of them hold the same answers."""
    memory: list[MemoryAnswers] = []

    def build(**changed: Any) -> Answers:
        if request.param == "folder":
            return FolderAnswers(tmp_path / "answers", **(KEYS | changed))
        place = MemoryAnswers(**(KEYS | changed))
        if memory:
            place._kept, place._held = memory[0]._kept, memory[0]._held
        memory.append(place)
        return place

    return build


def test_an_answer_arrives_as_it_was_given(make: Make) -> None:
    given_one = answer()
    assert make(verify_key=None).publish(given_one)
    gate = make(signer=None)
    assert gate.waiting() == [given_one.request_id]
    assert gate.read(given_one.request_id) == given_one


def test_one_answer_per_request_also_after_it_was_reported(make: Make) -> None:
    """Whatever is published again after a crash has no second effect."""
    first, place = answer(), make()
    assert place.publish(first)
    assert not place.publish(replace(first, host="10.0.0.1"))
    assert place.read(first.request_id) == first
    place.finish(first.request_id)
    assert not place.publish(first)
    assert place.waiting() == [] and place.read(first.request_id) is None
    place.forget(first.request_id)
    place.forget(first.request_id)
    assert place.publish(first), "nothing of it was left"


def test_only_the_key_of_work_is_believed(make: Make) -> None:
    other = Signer("work", Ed25519PrivateKey.generate())
    depositor = Signer("gate", Ed25519PrivateKey.generate())
    for signer in (other, depositor):
        given_one = answer()
        make(signer=signer).publish(given_one)
        with pytest.raises(ParcelUnsigned):
            make().read(given_one.request_id)
    with pytest.raises(KeyMissing):
        make(signer=None).publish(answer())
    with pytest.raises(KeyMissing):
        make(verify_key=None).read(given_one.request_id)
    assert make().can_verify() and not make(verify_key=None).can_verify()


def test_names_that_are_no_ids_never_become_paths(make: Make) -> None:
    place = make()
    for call in (place.read, place.finish, place.forget, place.hold, place.is_held):
        with pytest.raises(ParcelError):
            call("../../etc/passwd")
    with pytest.raises(ParcelError):
        place.publish(answer(request_id="../x"))


def test_held_until_it_is_let_go(make: Make) -> None:
    place, request_id = make(), answer().request_id
    assert not place.is_held(request_id)
    hold = place.hold(request_id)
    assert place.is_held(request_id) and make().is_held(request_id)
    hold.close()
    assert not place.is_held(request_id)


def test_one_leads(make: Make) -> None:
    place = make()
    assert place.lead() and place.lead()


@given(at=st.integers(min_value=0), bit=st.integers(min_value=0, max_value=7))
def test_no_changed_bit_is_believed(at: int, bit: int) -> None:
    given_one = answer()
    data = bytearray(sign(given_one, WORK))
    data[at % len(data)] ^= 1 << bit
    with pytest.raises((ParcelDamaged, ParcelUnsigned)):
        verified(bytes(data), given_one.request_id, WORK.verify_key())


def test_an_answer_under_another_name_is_not_believed(tmp_path: Path) -> None:
    place, given_one = FolderAnswers(tmp_path, **KEYS), answer()
    place.publish(given_one)
    other = new_parcel_id(datetime.now(UTC))
    (tmp_path / f"{given_one.request_id}.answer").rename(tmp_path / f"{other}.answer")
    with pytest.raises(ParcelDamaged):
        place.read(other)


@pytest.mark.parametrize("body", [b"", b"{}", b"[]", b'{"safe": [[1]], "failed": []}'])
def test_what_is_no_answer_is_damaged(body: bytes) -> None:
    with pytest.raises(ParcelDamaged):
        Answer.from_json(body)


def test_a_dead_process_holds_and_leads_no_more(tmp_path: Path) -> None:
    request_id = answer().request_id
    script = (
        "import sys, pathlib, os; from planbank.transit.folder_answers import FolderAnswers\n"
        "place = FolderAnswers(pathlib.Path(sys.argv[1]))\n"
        "hold = place.hold(sys.argv[2]); assert place.lead()\n"
        "print('ready', flush=True); sys.stdin.read(); os._exit(9)"
    )
    child = subprocess.Popen(
        [sys.executable, "-c", script, str(tmp_path), request_id],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        env=os.environ,
    )
    assert child.stdin is not None and child.stdout is not None
    try:
        assert child.stdout.readline() == b"ready\n"
        place = FolderAnswers(tmp_path, **KEYS)
        assert place.is_held(request_id)
        assert not place.lead()
    finally:
        child.kill()
        child.communicate()
    assert not place.is_held(request_id)
    assert place.lead()
    other = FolderAnswers(tmp_path, **KEYS)
    assert not other.lead(), "the first one leads until it ends"
    assert [file.name for file in tmp_path.iterdir()] == ["leader"]


def test_files_hold_nothing_but_what_an_answer_names(tmp_path: Path) -> None:
    place, given_one = FolderAnswers(tmp_path, **KEYS), answer()
    place.publish(given_one)
    [file] = tmp_path.iterdir()
    body = file.read_bytes()
    assert set(json.loads(body[: body.index(b"planbank signed")])) == set(Answer.__dataclass_fields__)
