"""What the sender page says of storage commitment (R21)."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from planbank.catalogue.models import Commitment
from planbank.messages.models import Event
from planbank.people.models import Sender, User
from planbank.web.pages.senders.commitments import commitments_of
from tests.sending import register_sender

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from django.test import Client

    from planbank.house import House

    ClientOf = Callable[[User | None], Client]


def asked(now: datetime, number: int, **changes: Any) -> Commitment:
    usual: dict[str, Any] = {
        "parcel_id": f"{number:032x}",
        "sender": Sender.objects.get(),
        "association_id": "a" * 32,
        "calling_ae": "TPS",
        "called_ae": "PLANBANK",
        "address": "10.0.0.5",
        "upto": "",
        "asked_at": now - timedelta(minutes=number),
        "judged_at": now,
    }
    return Commitment.objects.create(**(usual | changes))


def test_each_state_has_its_words(bank: House, now: datetime) -> None:
    register_sender()
    for number, state in enumerate(Commitment.State):
        asked(now, number, state=state, judged_at=None if state == "asked" else now)
    lines = commitments_of(Sender.objects.get())
    assert len(lines) == len(Commitment.State)
    assert [line.asked_at for line in lines] == sorted((line.asked_at for line in lines), reverse=True)
    assert lines[0].safe is None and lines[1].safe == 0
    assert all(line.words for line in lines)


def test_the_page_shows_counts_and_no_object(
    bank: House, client_of: ClientOf, site_admin: User, now: datetime
) -> None:
    register_sender()
    page = client_of(site_admin).get(f"/senders/{Sender.objects.get().pk}/")
    assert "It never asked." in page.text
    asked(
        now,
        1,
        state="given-up",
        safe_count=187,
        failed_count=3,
        detail="No answer.",
        failed=[["1.2", "1.9", 1]],
    )
    text = client_of(site_admin).get(f"/senders/{Sender.objects.get().pk}/").text
    for said in ("187", "given up", "No answer."):
        assert said in text
    assert "1.9" not in text


@pytest.mark.parametrize("kind", ["object-damaged", "commitment-not-reported"])
def test_what_went_wrong_is_on_the_overview(
    bank: House, client_of: ClientOf, site_admin: User, now: datetime, kind: str
) -> None:
    register_sender()
    Event.objects.create(at=now, kind=kind, params={"calling_ae": "OUH_ARIA", "objects": 2})
    assert "OUH_ARIA" in client_of(site_admin).get("/").text
