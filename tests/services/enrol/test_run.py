"""The service enrol: one pseudonym for each patient of a protocol, once for ever."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from planbank.catalogue.models import PatientIdentity
from planbank.house import House
from planbank.pipeline.models import Outcome

if TYPE_CHECKING:
    from planbank.protocols.models import Enrolment


@pytest.fixture
def enrolment(bank: House) -> Enrolment:
    from planbank.protocols.act import Act
    from planbank.protocols.actions.enrolling import enrol
    from tests.protocols.rows import ProtocolRows

    rows = ProtocolRows(bank.clock.now())
    file = rows.file("AUH", "0101501234")
    PatientIdentity.objects.create(scheme="CPR", issuer="", value="0101501234", patient=file.patient)
    return enrol(Act.of_service("test", rows.at), rows.protocol(), file.patient_id, "test")


def test_it_is_made_once_and_stays(bank: House, enrolment: Enrolment) -> None:
    from tests.services.running import run_everything

    assert enrolment.pseudonym == ""
    run_everything(bank)
    enrolment.refresh_from_db()
    made = enrolment.pseudonym
    assert len(made) == 11 and "0101501234" not in made
    PatientIdentity.objects.update(value="0202501234")  # the number changed
    Outcome.objects.update(state="due")
    run_everything(bank)
    enrolment.refresh_from_db()
    assert enrolment.pseudonym == made


def test_one_that_is_taken_is_not_given_twice(bank: House, enrolment: Enrolment) -> None:
    from planbank.protocols.models import Enrolment as Rows
    from tests.protocols.rows import ProtocolRows
    from tests.services.running import run_everything

    run_everything(bank)
    enrolment.refresh_from_db()
    taken = enrolment.pseudonym
    Rows.objects.update(pseudonym="")
    rows = ProtocolRows(bank.clock.now())
    rows.enrolment(enrolment.protocol, rows.file("VLE", "0303501234"), pseudonym=taken)
    Outcome.objects.update(state="due")
    run_everything(bank)
    enrolment.refresh_from_db()
    assert enrolment.pseudonym not in ("", taken)


def test_without_the_key_it_says_so_and_gives_nothing(bank: House, enrolment: Enrolment) -> None:
    from planbank.pipeline.registry import Failed
    from planbank.services.enrol import enrol

    (bank.keys / "vault.key").unlink()
    assert isinstance(enrol(bank, enrolment.pk), Failed)
    enrolment.refresh_from_db()
    assert enrolment.pseudonym == ""
