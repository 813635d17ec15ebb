"""Rows found before, as one parameter of the next question."""

from __future__ import annotations

from datetime import UTC, datetime

from planbank.catalogue.models import PatientFile
from planbank.catalogue.queries.among import among
from tests.catalogue.plan_rows import PlanRows


def test_it_is_pk_in_and_empty_where_nothing_was_found(db: None) -> None:
    rows = PlanRows(datetime(2026, 11, 17, 8, 30, tzinfo=UTC))
    files = [rows.file(sent_id=str(n)) for n in range(3)]
    wanted = {files[0].pk, files[2].pk}
    assert set(PatientFile.objects.filter(pk__in=among(wanted)).values_list("pk", flat=True)) == wanted
    assert not PatientFile.objects.filter(pk__in=among([])).exists()
