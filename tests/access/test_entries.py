"""Who reads which entries: every page of any size and place is a cut of what may be read (hypothesis)."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from django.db.models import Q
from hypothesis import given, settings
from hypothesis import strategies as st

from planbank.access.entries import newer_than, older_than, readable_by
from planbank.journal.models import Entry
from planbank.people.models import Affiliation, Institution, User

if TYPE_CHECKING:
    from planbank.house import House

WHO = ("anna", "bo", "chief")
WHERE = ("", "OUH", "AUH")
ACTS = st.lists(
    st.tuples(st.sampled_from(WHO), st.sampled_from(WHERE), st.integers(-5, 5)), min_size=1, max_size=25
)


@settings(max_examples=25)
@given(acts=ACTS, size=st.integers(1, 7))
def test_walking_older_and_back_gives_exactly_what_may_be_read(
    bank: House, acts: list[tuple[str, str, int]], size: int
) -> None:
    now, chief = people(bank)
    made = [
        Entry.objects.create(
            at=now + timedelta(days=days), actor_kind="user", actor=who, action="view", institution=where
        )
        for who, where, days in acts
    ]
    came = now - timedelta(days=2)
    allowed = [
        entry
        for entry in made
        if entry.actor == "chief"
        or (entry.actor == "anna" and entry.institution in ("", "OUH") and entry.at >= came)
    ]
    expected = sorted(allowed, key=lambda entry: (entry.at, entry.pk), reverse=True)
    numbers = Q(pk__in=[entry.pk for entry in made])
    readable, found, beyond = readable_by(chief, now), [], None
    while part := list(readable.page(numbers, size=size, beyond=beyond)):
        found += part
        beyond = older_than(part[-1].at, part[-1].pk)
    assert found == expected
    if expected:
        last = expected[-1]
        back = list(readable.page(numbers, size=99, beyond=newer_than(last.at, last.pk), newer=True))
        assert back == expected[:-1][::-1]


def test_an_account_switched_off_reads_nothing(bank: House) -> None:
    now, chief = people(bank)
    Entry.objects.create(at=now, actor_kind="user", actor="chief", action="view")
    assert len(readable_by(chief, now).page(Q(), size=9)) == 1
    chief.is_active = False
    assert list(readable_by(chief, now).page(Q(), size=9)) == []


def people(bank: House) -> tuple[datetime, User]:
    """Anna works for OUH since two days ago, Bo for nobody, the chief administers OUH."""
    now = bank.clock.now()
    ouh, _ = Institution.objects.get_or_create(code="OUH", defaults={"name": "Odense"})
    for name in WHO:
        User.objects.get_or_create(username=name, defaults={"name": name})
    for name, days in (("anna", 2), ("chief", 9)):
        Affiliation.objects.get_or_create(
            user=User.objects.get(username=name),
            institution=ouh,
            defaults={"since": now - timedelta(days=days), "is_admin": name == "chief"},
        )
    return now, User.objects.get(username="chief")
