"""Pages of a list: nothing twice, nothing left out, whatever the order."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from planbank.catalogue.models import PatientFile
from planbank.catalogue.queries.paging import Order, read_page, read_place, write_place
from planbank.catalogue.queries.patients import ORDERS
from tests.catalogue.rows import Rows

pytestmark = pytest.mark.django_db


@pytest.fixture
def files(now: datetime) -> list[PatientFile]:
    """Nine files; names and times tie."""
    rows = Rows(now)
    made = []
    for n in range(9):
        rows.at = now - timedelta(hours=n // 2)
        made.append(rows.file(sent_id=f"{n // 3:04d}{n}", name="ABC"[n % 3]))
    return made


@pytest.mark.parametrize("name", sorted(ORDERS))
@pytest.mark.parametrize("size", [1, 2, 4, 9, 10])
def test_walking_forth_and_back_shows_every_row_once(files: list[PatientFile], name: str, size: int) -> None:
    order = ORDERS[name]
    expected = list(PatientFile.objects.order_by(*order.columns()))
    pages = [read_page(PatientFile.objects.all(), order, size=size)]
    while pages[-1].after:
        pages.append(read_page(PatientFile.objects.all(), order, after=pages[-1].after, size=size))
    assert [row for page in pages for row in page.rows] == expected
    assert pages[0].before == ""
    back = [pages[-1]]
    while back[0].before:
        back.insert(0, read_page(PatientFile.objects.all(), order, before=back[0].before, size=size))
    assert [page.rows for page in back] == [page.rows for page in pages]


def test_a_place_that_says_nothing_shows_the_first_page(files: list[PatientFile]) -> None:
    everything = PatientFile.objects.all()
    first = read_page(everything, Order("name"), size=3)
    for nonsense in ["", "x", "-1", "12' OR 1=1", "99999999", "1" * 40, "99999999999999999-1"]:
        assert read_page(everything, Order("name"), after=nonsense, size=3) == first
        assert read_page(everything, Order("name"), before=nonsense, size=3) == first


def test_the_row_of_a_place_is_looked_for_only_among_the_rows_given(files: list[PatientFile]) -> None:
    """A place of a row that somebody may not see says nothing about it."""
    mine = PatientFile.objects.exclude(pk=files[4].pk)
    page = read_page(mine, Order("name"), after=str(files[4].pk), size=3)
    assert page == read_page(mine, Order("name"), size=3)


def test_rows_that_arrive_meanwhile_move_nothing(files: list[PatientFile], now: datetime) -> None:
    order = ORDERS["-received"]
    first = read_page(PatientFile.objects.all(), order, size=4)
    second = read_page(PatientFile.objects.all(), order, after=first.after, size=4)
    Rows(now + timedelta(hours=1)).file(sent_id="new")
    first.rows[-1].last_received_at = now + timedelta(hours=2)
    first.rows[-1].save()
    assert read_page(PatientFile.objects.all(), order, after=first.after, size=4).rows == second.rows


@given(
    st.integers(0, 10**17),
    st.datetimes(datetime(1970, 1, 1), datetime(3000, 1, 1), timezones=st.just(UTC)) | st.none(),
)
def test_places_are_read_as_they_were_written(pk: int, time: datetime | None) -> None:
    place = read_place(write_place(pk, time))
    assert place is not None
    assert (place.pk, place.time) == (pk, time)
