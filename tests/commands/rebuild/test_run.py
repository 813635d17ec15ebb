"""What a rebuilt bank does not do by itself, and what it makes again (R133, R205)."""

from __future__ import annotations

from datetime import timedelta
from functools import partial

from planbank.audits.models import Copy
from planbank.commands.rebuild.run import GIVEN_UP, HELD, copies_again, hold
from planbank.house import House
from planbank.messages.models import Message
from planbank.pipeline.models import Pause
from tests.audits.rows import opened, protocol
from tests.services.running import run_everything


def test_no_mail_goes_out_twice_by_itself(bank: House) -> None:
    now = bank.clock.now()
    make = partial(Message.objects.create, channel="email", subject="s", text="t", made_at=now, due_at=now)
    waits = make(key="a", message_id="a", to="a@x.example")
    went = make(key="b", message_id="b", to="b@x.example", state="sent", ended_at=now)
    bank.clock.at += timedelta(hours=1)  # type: ignore[attr-defined]
    hold(bank)
    waits.refresh_from_db(), went.refresh_from_db()
    assert (waits.state, waits.problem, waits.ended_at) == ("given-up", GIVEN_UP, bank.clock.now())
    assert (went.state, went.ended_at) == ("sent", now)
    assert set(Pause.objects.values_list("service", flat=True)) == set(HELD)


def test_copies_whose_files_are_gone_are_made_again_as_they_were(bank: House) -> None:
    study = opened(bank, protocol(bank))
    run_everything(bank)
    lost, kept, *_rest = rows = list(Copy.objects.filter(study=study).order_by("pk"))
    assert {row.state for row in rows} == {"made"}, rows
    before = {key: bank.store.open(key).read() for key in lost.files.values_list("key", flat=True)}
    bank.store.erase(next(iter(before)))
    assert copies_again(bank) == 1
    lost.refresh_from_db(), kept.refresh_from_db()
    assert (lost.state, kept.state) == ("waiting", "made")
    assert copies_again(bank) == 0
    run_everything(bank)
    again = {key: bank.store.open(key).read() for key in lost.files.values_list("key", flat=True)}
    assert again == before, "the same identities, byte for byte"
