"""Running what is due, as the work processes do, without processes."""

from __future__ import annotations

from datetime import timedelta

from planbank.house import House
from planbank.pipeline.drain import drain
from planbank.pipeline.models import Outcome
from planbank.services.register import register_once


def run_until_idle(house: House) -> None:
    """Also what waits for a time, as jobs in portions do."""
    from planbank.pipeline.drain import overdue

    for _turn in range(3):
        overdue(house, timedelta(0))
        run_everything(house)


def run_everything(house: House) -> None:
    """Register and drain until nothing is due; nothing may fail."""
    while register_once(house):
        pass
    while due := list(Outcome.objects.filter(state="due").values_list("service", "lane").distinct()):
        for service, lane in due:
            drain(house, service, lane)
    failed = Outcome.objects.filter(state="failed").values_list("service", "reason")
    assert not failed, list(failed)
