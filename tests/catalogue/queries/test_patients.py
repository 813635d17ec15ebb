"""Searching, narrowing and counting patient files."""

from __future__ import annotations

from datetime import datetime

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from planbank.catalogue.models import PatientFile
from planbank.catalogue.queries import patients
from tests.catalogue.rows import Rows

pytestmark = pytest.mark.django_db


@pytest.fixture
def rows(now: datetime) -> Rows:
    return Rows(now)


def found(text: str) -> set[str]:
    return set(patients.search(PatientFile.objects.all(), text).values_list("sent_id", flat=True))


def test_every_word_must_be_found_in_id_name_or_study(rows: Rows) -> None:
    rows.study(rows.file(sent_id="A1", name="Hansen^Anna"), "Head and neck")
    rows.study(rows.file(sent_id="A2", name="Hansen^Bo"), "Thorax")
    assert found("hansen") == {"A1", "A2"}
    assert found("ANNA hansen") == {"A1"}
    assert found("hansen neck") == {"A1"}
    assert found("a2 thor") == {"A2"}
    assert found("hansen pelvis") == set()
    assert found("  ") == {"A1", "A2"}


def test_a_file_with_two_matching_studies_is_found_once(rows: Rows) -> None:
    file = rows.file(sent_id="A1")
    rows.study(file, "Thorax 1")
    rows.study(file, "Thorax 2")
    assert patients.search(PatientFile.objects.all(), "thorax").count() == 1


@pytest.mark.parametrize("text", ["%", "_", "\\", "'", '"', "A%1", "A_1", "1' OR '1'='1"])
def test_signs_are_literal(rows: Rows, text: str) -> None:
    rows.file(sent_id="AX1", name="Plain^Name")
    assert found(text) == set()
    rows.file(sent_id=f"x{text.split()[0]}y", name=text)
    assert len(found(text)) == 1


def test_a_zero_byte_finds_like_nothing(rows: Rows) -> None:
    rows.file(sent_id="A1")
    assert found("\0") == {"A1"}


def test_dashes_of_a_number_do_not_matter(rows: Rows) -> None:
    rows.file(sent_id="010150-1234")
    rows.file(sent_id="0202601234")
    assert found("0101501234") == {"010150-1234"}
    assert found("020260-1234") == {"0202601234"}


def test_what_another_institution_calls_the_patient_finds_nothing(rows: Rows) -> None:
    here = rows.file("AUH", sent_id="A1", name="Old^Name")
    there = rows.file("OUH", sent_id="B1", name="New^Name")
    there.patient = here.patient
    there.save()
    mine = PatientFile.objects.filter(institution__code="AUH")
    assert not patients.search(mine, "B1").exists()
    assert not patients.search(mine, "New").exists()


def test_narrowing_by_modality_and_open_findings(rows: Rows, now: datetime) -> None:
    with_mr, with_ct = rows.file(sent_id="MR"), rows.file(sent_id="CT")
    rows.series(with_mr, "MR")
    rows.series(with_ct, "CT")
    rows.series(with_ct, "CT")
    rows.finding(with_ct)
    rows.finding(with_mr, closed_at=now)
    everything = PatientFile.objects.all()
    assert list(patients.with_modality(everything, "MR")) == [with_mr]
    assert list(patients.with_open_findings(everything)) == [with_ct]


def test_numbers_are_those_of_each_file(rows: Rows) -> None:
    one, two, empty = rows.file(sent_id="1"), rows.file(sent_id="2"), rows.file(sent_id="3")
    study = rows.study(one)
    for modality, objects in [("RTPLAN", 1), ("CT", 3), ("CT", 2), ("OT", 0), ("", 1)]:
        series = rows.series(study, modality)
        for _ in range(objects):
            rows.instance(series)
    rows.instance(rows.series(two, "MR"))
    rows.series(two, "MR")
    with CaptureQueriesContext(
        connection,
    ) as queries:
        numbers = patients.numbers([one, two, empty])
    assert len(queries) == 1
    assert (numbers[one.pk].studies, numbers[one.pk].series, numbers[one.pk].objects) == (1, 5, 7)
    assert numbers[one.pk].modalities == ["CT", "RTPLAN", "OT"]
    assert (numbers[two.pk].studies, numbers[two.pk].series, numbers[two.pk].objects) == (2, 2, 1)
    assert numbers[empty.pk] == patients.FileNumbers()
