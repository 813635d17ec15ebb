"""`planbank clean`: the dry run changes nothing and names nobody (R31)."""

from __future__ import annotations

from datetime import timedelta

from planbank.commands.clean import carry_out, lines
from planbank.erasure.models import Ageing, Erasure
from planbank.house import House
from tests.sending import ct, deposit, register_sender
from tests.services.running import run_everything


def test_what_goes_and_when(bank: House) -> None:
    register_sender("OUH")
    deposit(bank, ct(PatientID="0101509995"))
    run_everything(bank)
    file = Ageing.objects.get().patient_file_id
    assert list(lines(bank, 30)) == ["nothing is to go within 30 days"]
    bank.clock.at += timedelta(days=175)  # type: ignore[attr-defined]
    found = list(lines(bank, 30))
    assert found[0].startswith(f"OUH: patient file {file}, 1 objects, not before ")
    assert found[1].startswith("OUH: 1 patient files, 1 objects, ")
    assert "0101509995" not in str(found)
    assert Ageing.objects.get().last_warned_at is None
    assert list(carry_out(bank)) == ["2 warnings given, deletion of 0 patient files begun"]
    bank.clock.at += timedelta(days=7)  # type: ignore[attr-defined]
    assert next(iter(lines(bank, 0))).endswith(", now")
    assert list(carry_out(bank)) == ["0 warnings given, deletion of 1 patient files begun"]
    assert Erasure.objects.get().state == "confirmed"
