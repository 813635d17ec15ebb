"""The box at the top: only my institutions' data, literal words (R50; security.md, wildcards literal)."""

from __future__ import annotations

import pytest
from django.test import Client

from planbank.catalogue.models import PatientFile
from planbank.house import House
from tests.sending import ct, deposit, register_sender
from tests.services.running import run_everything
from tests.web.pages.slice.test_slice import client_of


@pytest.fixture
def client(bank: House) -> Client:
    register_sender("OUH", "TPS", "10.0.0.0/24")
    register_sender("AUH", "ARIA", "10.1.0.0/24")
    deposit(bank, ct(PatientName="Testesen^Anna", PatientID="0101501234"))
    deposit(bank, ct(PatientName="Testesen^Bo", PatientID="0202501234", StudyInstanceUID="1.2.9"))
    deposit(
        bank, ct(PatientName="Testesen^Carl", PatientID="0303501234"), calling_ae="ARIA", address="10.1.0.5"
    )
    run_everything(bank)
    return client_of("OUH")


def test_a_single_hit_opens_at_once(client: Client) -> None:
    answer = client.get("/search/", {"q": "Anna"})
    file = PatientFile.objects.get(name="Testesen^Anna")
    assert answer.status_code == 302 and answer["Location"] == f"/patients/{file.pk}/"


def test_several_hits_are_listed_and_never_those_of_others(client: Client) -> None:
    text = client.get("/search/", {"q": "Testesen"}).content.decode()
    assert "Anna" in text and "Bo" in text and "Carl" not in text
    assert "Nothing fits" in client.get("/search/", {"q": "Carl"}).content.decode()


@pytest.mark.parametrize("words", ["%", "_", "\\", "'", "<script>", "100%"])
def test_signs_are_literal_and_escaped(client: Client, words: str) -> None:
    text = client.get("/search/", {"q": words}).content.decode()
    assert "Nothing fits" in text and "<script>alert" not in text and "“<script>" not in text


def test_without_words_it_says_what_to_write(client: Client) -> None:
    assert "Patient ID" in client.get("/search/").content.decode()
