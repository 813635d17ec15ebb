"""Whose an arrival is: calling AE title, address and called AE title together decide (R10, R11)."""

from __future__ import annotations

import pytest
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st

from planbank.gate.limits import Limits
from planbank.gate.senders import parse
from planbank.house import House
from planbank.people.models import Institution, Sender, SenderCertificate, SenderInstitution
from planbank.people.queries import Decision, SenderBook, gate_file


@pytest.fixture
def book(bank: House) -> None:
    """A planning system per centre, one machine told apart, one node shared by called AE title."""
    ouh, auh, closed = (
        Institution.objects.create(code=code, name=code, is_active=code != "OLD")
        for code in ("OUH", "AUH", "OLD")
    )
    for title, network, listed in (
        ("TPS", "10.0.0.0/8", {"": ouh}),
        ("TPS", "10.1.2.0/24", {"": auh}),
        ("TPS", "10.1.2.3", {"": ouh}),
        ("SHARED", "10.9.0.1", {"BANK_OUH": ouh, "BANK_AUH": auh}),
        ("BOTH", "10.9.0.2", {"": ouh, "BANK_AUH": auh}),
        ("GONE", "10.9.0.3", {"": closed}),
        ("SIX", "2001:db8::/32", {"": ouh}),
        ("OFF", "10.9.0.4", {"": ouh}),
    ):
        sender = Sender.objects.create(ae_title=title, network=network, is_active=title != "OFF")
        for called, institution in listed.items():
            SenderInstitution.objects.create(sender=sender, called_ae=called, institution=institution)


def decide(calling: str, called: str, address: str) -> str:
    found = SenderBook().decide(calling, called, address)
    assert (found.institution is None) == bool(found.reason)
    return found.institution.code if found.institution else found.reason


@pytest.mark.parametrize(
    ("calling", "called", "address", "end"),
    [
        ("TPS", "PLANBANK", "10.200.0.1", "OUH"),
        ("TPS", "PLANBANK", "10.1.2.9", "AUH"),  # the narrower network wins
        ("TPS", "PLANBANK", "10.1.2.3", "OUH"),  # one machine in it
        ("TPS", "PLANBANK", "::ffff:10.1.2.9", "AUH"),
        (" TPS ", "PLANBANK", "10.1.2.9", "AUH"),
        ("TPS", "PLANBANK", "192.168.0.1", "known-name-other-address"),
        ("tps", "PLANBANK", "10.1.2.9", "unknown-sender"),
        ("NEW", "PLANBANK", "10.1.2.9", "unknown-sender"),
        ("", "", "10.1.2.9", "unknown-sender"),
        ("TPS", "PLANBANK", "not an address", "known-name-other-address"),
        ("SHARED", "BANK_OUH", "10.9.0.1", "OUH"),
        ("SHARED", " BANK_AUH", "10.9.0.1", "AUH"),
        ("SHARED", "PLANBANK", "10.9.0.1", "no-institution-for-called-ae"),
        ("BOTH", "BANK_AUH", "10.9.0.2", "AUH"),
        ("BOTH", "ANYTHING", "10.9.0.2", "OUH"),
        ("GONE", "PLANBANK", "10.9.0.3", "no-institution-for-called-ae"),
        ("SIX", "PLANBANK", "2001:db8::7", "OUH"),
        ("SIX", "PLANBANK", "2001:db9::7", "known-name-other-address"),
        ("OFF", "PLANBANK", "10.9.0.4", "unknown-sender"),
    ],
)
def test_who_sends_for_whom(book: None, calling: str, called: str, address: str, end: str) -> None:
    assert decide(calling, called, address) == end


@pytest.mark.parametrize(
    ("calling", "called", "address", "told"),
    [
        ("TPS", "PLANBANK", "10.1.2.9", "AUH"),
        ("SHARED", "WRONG_AE", "10.9.0.1", ""),  # it sends for two
        ("", "", "2001:db8::7", "OUH"),  # TLS failed before a name came
        ("NEW", "PLANBANK", "2001:db8::7", "OUH"),
        ("", "", "10.1.2.9", ""),  # several institutions have senders here
        ("", "", "192.168.0.1", ""),
        ("GONE", "PLANBANK", "10.9.0.3", ""),  # its institution is switched off
    ],
)
def test_whom_a_refusal_is_told(book: None, calling: str, called: str, address: str, told: str) -> None:
    """model.md: every refusal is an event for the institution."""
    senders = SenderBook()
    found = senders.concerned(senders.decide(calling, called, address), address)
    assert (found.code if found else "") == told


def test_the_gate_is_told_names_and_networks_of_those_switched_on(book: None) -> None:
    told = gate_file("quarantine", ["PLANBANK"])
    assert told["called"] == ["BANK_AUH", "BANK_OUH", "PLANBANK"]
    titles = [sender["ae_title"] for sender in told["senders"]]
    assert titles == ["BOTH", "GONE", "SHARED", "SIX", "TPS", "TPS", "TPS"]
    networks = [sender["networks"] for sender in told["senders"][-3:]]
    assert networks == [["10.0.0.0/8"], ["10.1.2.0/24"], ["10.1.2.3"]]
    assert not any("certificates" in sender for sender in told["senders"])


@pytest.mark.parametrize(
    ("address", "certificate", "end"),
    [
        ("10.1.2.9", "ab" * 32, "AUH"),
        ("10.1.2.9", "cd" * 32, "AUH"),
        ("10.1.2.9", "ef" * 32, "known-name-other-certificate"),
        ("10.1.2.9", "", "known-name-other-certificate"),  # plain DICOM
        ("10.1.2.3", "", "OUH"),  # the narrower sender is bound to none
        ("10.200.0.1", "ef" * 32, "OUH"),
        ("192.168.0.1", "ab" * 32, "known-name-other-address"),
    ],
)
def test_a_name_bound_to_certificates_is_nobody_without_one_of_them(
    book: None, address: str, certificate: str, end: str
) -> None:
    """R10; receive.md, rule 8. The gate, asked with what it is told, says the same."""
    sender = Sender.objects.get(ae_title="TPS", network="10.1.2.0/24")
    for fingerprint in ("ab" * 32, "cd" * 32):
        SenderCertificate.objects.create(sender=sender, fingerprint=fingerprint, added=timezone.now())
    found = SenderBook().decide("TPS", "PLANBANK", address, certificate)
    assert (found.institution.code if found.institution else found.reason) == end
    admission = parse(gate_file("quarantine", ["PLANBANK"]), Limits())
    assert admission.knows("TPS", address, certificate) == (found.institution is not None)


@given(st.text(max_size=20), st.text(max_size=20), st.text(max_size=40))
def test_whatever_comes_there_is_a_decision(book: None, calling: str, called: str, address: str) -> None:
    found = SenderBook().decide(calling, called, address)
    assert isinstance(found, Decision)
    assert (found.institution is None) == bool(found.reason)
