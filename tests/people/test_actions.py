"""Registering senders: whole or not at all, journalled, and what SenderBook then decides."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from planbank.errors import SenderTaken
from planbank.journal.models import Entry
from planbank.journal.record import Actor
from planbank.people.actions import (
    SenderFacts,
    bind,
    change_sender,
    plain_network,
    register_sender,
    switch,
    trust,
    trust_called,
    unbind,
)
from planbank.people.certificates import CertificateFacts
from planbank.people.models import Institution, Sender
from planbank.people.queries import SenderBook, gate_file

if TYPE_CHECKING:
    from planbank.house import House

ADA = Actor("user", "ada")


@pytest.fixture
def ouh(bank: House) -> Institution:
    return Institution.objects.create(code="OUH", name="Odense")


@pytest.fixture
def aal(bank: House) -> Institution:
    return Institution.objects.create(code="AAL", name="Aalborg")


def facts(*listed: tuple[Institution, str], **changes: object) -> SenderFacts:
    values = {"ae_title": "ARIA", "network": "10.62.9.14"} | changes
    return SenderFacts(listed=listed, **values)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("10.62.9.14", "10.62.9.14"),
        (" 10.62.9.14/32 ", "10.62.9.14"),
        ("10.62.9.7/24", "10.62.9.0/24"),
        ("2001:DB8::1", "2001:db8::1"),
        ("2001:db8::1/128", "2001:db8::1"),
        ("::ffff:10.62.9.14", "10.62.9.14"),
    ],
)
def test_each_network_has_one_spelling(typed: str, kept: str) -> None:
    assert plain_network(typed) == kept


@given(st.one_of(st.ip_addresses().map(str), st.text(max_size=20)))
def test_a_spelling_is_stable(typed: str) -> None:
    try:
        kept = plain_network(typed)
    except ValueError:
        return
    assert plain_network(kept) == kept


def test_a_registered_sender_is_decided_for_and_told_to_the_gate(bank: House, ouh: Institution) -> None:
    sender = register_sender(facts((ouh, "")), ADA, bank.clock.now())
    assert SenderBook().decide("ARIA", "PLANBANK", "10.62.9.14").institution == ouh
    assert gate_file("quarantine", ["PLANBANK"])["senders"] == [
        {"ae_title": "ARIA", "networks": ["10.62.9.14"]}
    ]
    entry = Entry.objects.get()
    assert (entry.actor, entry.action, entry.object_id) == ("ada", "register sender", str(sender.pk))
    assert (entry.institution, entry.detail["listed"]) == ("OUH", ["*: OUH"])


def test_several_institutions_are_told_apart_by_the_called_title(
    bank: House, ouh: Institution, aal: Institution
) -> None:
    register_sender(facts((ouh, "OUH_PB"), (aal, "AAL_PB")), ADA, bank.clock.now())
    book = SenderBook()
    assert book.decide("ARIA", "AAL_PB", "10.62.9.14").institution == aal
    assert book.decide("ARIA", "OUH_PB", "10.62.9.14").institution == ouh
    assert book.decide("ARIA", "PLANBANK", "10.62.9.14").reason == "no-institution-for-called-ae"
    assert Entry.objects.get().institution == ""


def test_the_same_title_at_the_same_address_is_registered_once(bank: House, ouh: Institution) -> None:
    register_sender(facts((ouh, "")), ADA, bank.clock.now())
    with pytest.raises(SenderTaken):
        register_sender(facts((ouh, ""), network="10.62.9.14/32"), ADA, bank.clock.now())
    assert (Sender.objects.count(), Entry.objects.count()) == (1, 1)


def test_a_change_that_cannot_be_made_leaves_everything(
    bank: House, ouh: Institution, aal: Institution
) -> None:
    register_sender(facts((ouh, "")), ADA, bank.clock.now())
    second = register_sender(facts((aal, ""), network="10.62.9.15"), ADA, bank.clock.now())
    with pytest.raises(SenderTaken):
        change_sender(second, facts((ouh, "X")), ADA, bank.clock.now())
    second.refresh_from_db()
    assert second.network == "10.62.9.15"
    assert [row.institution for row in second.listed.all()] == [aal]
    assert Entry.objects.count() == 2


def test_a_change_replaces_what_is_listed(bank: House, ouh: Institution, aal: Institution) -> None:
    sender = register_sender(facts((ouh, "")), ADA, bank.clock.now())
    change_sender(sender, facts((aal, ""), contact="Physics, 1234"), ADA, bank.clock.now())
    assert SenderBook().decide("ARIA", "PLANBANK", "10.62.9.14").institution == aal
    assert Sender.objects.get().contact == "Physics, 1234"
    assert list(Entry.objects.values_list("action", flat=True)) == ["change sender", "register sender"]


def test_switched_off_means_unknown_and_is_journalled_once(bank: House, ouh: Institution) -> None:
    sender = register_sender(facts((ouh, "")), ADA, bank.clock.now())
    assert switch(sender, False, ADA, bank.clock.now())
    assert not switch(sender, False, ADA, bank.clock.now())
    assert SenderBook().decide("ARIA", "PLANBANK", "10.62.9.14").reason == "unknown-sender"
    assert switch(sender, True, ADA, bank.clock.now())
    assert SenderBook().decide("ARIA", "PLANBANK", "10.62.9.14").institution == ouh
    assert Entry.objects.count() == 3


def test_trust_is_given_to_title_and_address_together(bank: House, ouh: Institution) -> None:
    trust("ARIA", "::ffff:10.62.9.14", ouh, ADA, bank.clock.now())
    trust("ARIA", "10.62.9.14", ouh, ADA, bank.clock.now())
    assert Sender.objects.get().network == "10.62.9.14"
    assert SenderBook().decide("ARIA", "PLANBANK", "10.62.9.15").reason == "known-name-other-address"
    assert Entry.objects.count() == 1


def test_trust_never_moves_a_sender_to_another_institution(
    bank: House, ouh: Institution, aal: Institution
) -> None:
    sender = trust("ARIA", "10.62.9.14", ouh, ADA, bank.clock.now())
    with pytest.raises(SenderTaken, match="OUH"):
        trust("ARIA", "10.62.9.14", aal, ADA, bank.clock.now())
    with pytest.raises(SenderTaken, match="OUH"):
        trust_called(sender, "", aal, ADA, bank.clock.now())
    assert SenderBook().decide("ARIA", "X", "10.62.9.14").institution == ouh


def test_a_certificate_is_bound_once_and_journalled(bank: House, ouh: Institution) -> None:
    """R10; receive.md, rule 8."""
    at = bank.clock.now()
    sender = register_sender(facts((ouh, "")), ADA, at)
    bare, whole = CertificateFacts("ab" * 32), CertificateFacts("ab" * 32, "CN=ARIA", at, at)
    assert bind(sender, bare, ADA, at)
    assert not bind(sender, bare, ADA, at)
    assert not bind(sender, whole, ADA, at)  # the same one, now with its dates
    assert sender.certificates.get().not_after == at
    assert gate_file("refuse", [])["senders"] == [
        {"ae_title": "ARIA", "networks": ["10.62.9.14"], "certificates": ["ab" * 32]}
    ]
    entries = Entry.objects.filter(action="bind certificate")
    assert [entry.detail["fingerprint"] for entry in entries] == ["ab" * 32] * 2


def test_a_certificate_is_taken_away(bank: House, ouh: Institution) -> None:
    at = bank.clock.now()
    sender = register_sender(facts((ouh, "")), ADA, at)
    bind(sender, CertificateFacts("ab" * 32), ADA, at)
    assert SenderBook().decide("ARIA", "X", "10.62.9.14").reason == "known-name-other-certificate"
    assert unbind(sender, "ab" * 32, ADA, at)
    assert not unbind(sender, "ab" * 32, ADA, at)
    assert SenderBook().decide("ARIA", "X", "10.62.9.14").institution == ouh
    assert Entry.objects.get(action="unbind certificate").detail["fingerprint"] == "ab" * 32
