"""The different names of ROIs, found by following an index from each to the next."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from planbank.catalogue.models import Roi
from planbank.catalogue.queries.roi_names import roi_names
from tests.catalogue.plan_rows import PlanRows

NAMES = ["Hjerte", "HJERTE", "Venstre hjertekammer", "PTV_60%", "PTV 60", "back\\slash", "Ørespytkirtel"]


@pytest.fixture
def rows(db: None) -> PlanRows:
    made = PlanRows(datetime(2026, 11, 17, 8, 30, tzinfo=UTC))
    for number in range(2):
        made.add_structures(made.plan_set(made.file(sent_id=str(number))), *NAMES)
    return made


@pytest.mark.parametrize("word", ["hjerte", "ptv", "_", "%", "\\", "ø", "0", "nothing"])
def test_the_same_as_reading_every_roi(rows: PlanRows, word: str) -> None:
    every = set(Roi.objects.filter(name__icontains=word).values_list("name", flat=True))
    found = roi_names(word)
    assert set(found) == every and len(found) == len(every)
    assert every or word == "nothing"


def test_a_bank_without_rois_has_no_names(db: None) -> None:
    assert roi_names("hjerte") == []
