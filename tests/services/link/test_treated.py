"""What says when a treatment began, in the order of R125."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

import pytest

from planbank.services.link.treated import day_of

if TYPE_CHECKING:
    from planbank.house import House


@pytest.mark.parametrize(
    ("text", "day"),
    [
        ("20240229", date(2024, 2, 29)),
        ("2024.02.29", date(2024, 2, 29)),
        (" 20240229 ", date(2024, 2, 29)),
        ("20230229", None),
        ("19000101", None),
        ("2024", None),
        ("", None),
        (None, None),
    ],
)
def test_days_as_written(text: object, day: date | None) -> None:
    assert day_of(text) == day


def test_r125_the_order_of_sources(bank: House) -> None:
    from planbank.catalogue.models import Study, TreatmentRecord
    from planbank.services.link.nodes import Link, Woven
    from planbank.services.link.treated import treated
    from tests.protocols.rows import ProtocolRows as Rows

    rows = Rows(bank.clock.now())
    file = rows.file("AUH", "1")
    plan, record = rows.rt_object(file, "RTPLAN"), rows.rt_object(file, "RTRECORD")
    Study.objects.filter(patient_file=file).update(study_date="20240101")
    links = {Link("plan", "itself", plan.pk)}
    assert treated(Woven("plan", plan.sop_instance_uid, links), "") == (date(2024, 1, 1), "study")
    assert treated(Woven("plan", plan.sop_instance_uid, links), "20240110") == (date(2024, 1, 10), "plan")
    TreatmentRecord.objects.create(version=record.current_version, date="20240120", facts={})
    woven = Woven("plan", plan.sop_instance_uid, {*links, Link("record", "SOP Instance UID", record.pk)})
    assert treated(woven, "20240110") == (date(2024, 1, 20), "record")
    TreatmentRecord.objects.update(facts={"first_date": "20240118"})
    assert treated(woven, "20240110") == (date(2024, 1, 18), "first")
