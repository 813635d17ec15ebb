"""The outbox is seen by who runs the bank, without what messages say; all is tried again by one button."""

from __future__ import annotations

from typing import TYPE_CHECKING

from planbank.journal.models import Entry
from planbank.messages.models import Message
from planbank.people.models import User

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from django.test import Client

    from planbank.house import House

    ClientOf = Callable[[User | None], Client]
    PersonOf = Callable[[str], User]


def message(now: datetime, key: str, state: str, **more: object) -> Message:
    times = {"made_at": now, "due_at": now}
    said = {"channel": "email", "to": f"{key}@ouh.example", "subject": "s", "text": "what it says"}
    return Message.objects.create(key=key, message_id=f"<{key}@x>", state=state, **said, **times, **more)


def test_states_are_shown_and_words_are_not(
    bank: House, client_of: ClientOf, person_of: PersonOf, now: datetime
) -> None:
    message(now, "anna", "given-up", problem="the address is refused (550)", ended_at=now)
    message(now, "bo", "sent", ended_at=now)
    admin = client_of(User.objects.create_user("root", name="Ada", is_site_admin=True))
    page = admin.get("/services/mail/").text
    assert "anna@ouh.example" in page and "refused (550)" in page and "what it says" not in page
    assert [row.key for row, _state in admin.get("/services/mail/?state=sent").context["rows"]] == ["bo"]
    assert client_of(person_of("AUH")).get("/services/mail/").status_code == 404


def test_all_that_did_not_go_is_tried_again(
    bank: House, client_of: ClientOf, person_of: PersonOf, now: datetime
) -> None:
    for key, state in (("anna", "given-up"), ("bo", "sent"), ("cy", "waiting")):
        message(now, key, state)
    admin = client_of(User.objects.create_user("root", name="Ada", is_site_admin=True))
    assert admin.post("/services/mail/again/").status_code == 302
    assert dict(Message.objects.values_list("key", "state")) == {
        "anna": "waiting",
        "bo": "sent",
        "cy": "waiting",
    }
    assert Entry.objects.filter(action="send messages again").count() == 1
    assert client_of(person_of("AUH")).post("/services/mail/again/").status_code in (403, 404)
