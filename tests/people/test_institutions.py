"""Institutions and regions: registered, changed, never overwritten unseen (R12, R119)."""

from __future__ import annotations

from datetime import datetime

import pytest
from django.core.exceptions import ValidationError

from planbank.errors import ChangedMeanwhile
from planbank.house import House
from planbank.journal.models import Entry
from planbank.journal.record import Actor
from planbank.people.institutions import (
    InstitutionFacts,
    change_institution,
    register_institution,
    register_region,
)
from planbank.people.models import Institution, Region

ADA = Actor("user", "ada")


def test_registered_once_and_journalled(bank: House, now: datetime) -> None:
    region = register_region("Fyn", "DK", ADA, now)
    assert register_region(" Fyn ", "DK", ADA, now) == region
    row = register_institution(InstitutionFacts("OUH", "Odense", region=region), ADA, now)
    with pytest.raises(ValidationError, match="already exists"):
        register_institution(InstitutionFacts("OUH", "Odense again"), ADA, now)
    assert Institution.objects.get() == row and Region.objects.count() == 1
    acts = Entry.objects.order_by("pk").values_list("action", "actor", "institution")
    assert list(acts) == [("register region", "ada", ""), ("register institution", "ada", "OUH")]


def test_the_last_write_never_silently_wins_and_the_code_stays(bank: House, now: datetime) -> None:
    row = register_institution(InstitutionFacts("OUH", "Odense"), ADA, now)
    other = Institution.objects.get()
    change_institution(row, 1, InstitutionFacts("XXX", "One", time_zone="Pacific/Auckland"), ADA, now)
    with pytest.raises(ChangedMeanwhile):
        change_institution(other, 1, InstitutionFacts("OUH", "Two"), ADA, now)
    row.refresh_from_db()
    assert (row.code, row.name, row.revision) == ("OUH", "One", 2)


@pytest.mark.parametrize(
    "wrong",
    [
        InstitutionFacts("ouh", "small"),
        InstitutionFacts("OUH", ""),
        InstitutionFacts("OUH", "x", country="Denmark"),
        InstitutionFacts("OUH", "x", time_zone="Nowhere"),
        InstitutionFacts("OUH", "x", identity_scheme="other"),
        InstitutionFacts("OUH", "x", country="SE", identity_scheme="CPR"),
    ],
)
def test_what_cannot_stand_is_refused(bank: House, now: datetime, wrong: InstitutionFacts) -> None:
    with pytest.raises(ValidationError):
        register_institution(wrong, ADA, now)
    assert not Institution.objects.exists()


def test_a_region_of_another_country_is_refused(bank: House, now: datetime) -> None:
    region = register_region("Scania", "SE", ADA, now)
    with pytest.raises(ValidationError, match="another country"):
        register_institution(InstitutionFacts("OUH", "Odense", region=region), ADA, now)
