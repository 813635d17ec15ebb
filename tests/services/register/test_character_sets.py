"""Text that does not fit its declared character set is read by the sender's own (R24; model.md, Text)."""

from __future__ import annotations

import pytest

from planbank.catalogue.models import Finding, PatientFile
from planbank.house import House
from planbank.people.models import Sender
from planbank.services.register import register_once
from tests.sending import CT, ct, deposit, encoded, register_sender


@pytest.mark.parametrize(("term", "read"), [("", "TestÄ"), ("ISO_IR 126", "TestΔ"), ("nonsense", "TestÄ")])
def test_a_sender_that_declares_nothing_and_sends_other_letters(bank: House, term: str, read: str) -> None:
    register_sender()
    Sender.objects.update(charset_fallback=term)
    ds = ct(PatientName="Test_")
    data = encoded(ds).replace(b"Test_", b"Test\xc4")
    deposit(bank, data, sop_class_uid=CT, sop_instance_uid=str(ds.SOPInstanceUID))
    register_once(bank)
    assert PatientFile.objects.get().name == read
    assert Finding.objects.get().code == "charset-guessed"
