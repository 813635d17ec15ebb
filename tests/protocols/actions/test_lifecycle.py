"""A protocol is active only on what it rests on; the last write never silently wins (R37)."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.core.exceptions import ValidationError

from planbank.errors import ChangedMeanwhile, ProtocolError
from planbank.journal.models import Entry
from planbank.protocols.act import Act
from planbank.protocols.actions.lifecycle import (
    activate,
    change,
    close,
    create,
    missing,
    reopen,
    set_controllers,
)
from planbank.protocols.models import DataController, Protocol
from tests.protocols.rows import ProtocolRows


def act(rows: ProtocolRows) -> Act:
    return Act.of_command("test", rows.at)


@pytest.fixture
def draft(rows: ProtocolRows) -> Protocol:
    """A draft with all it needs but its agreement's signature."""
    row = create(act(rows), short_name="BRAIN", title="Brain", purpose="dose and effect", legal_basis="law")
    set_controllers(act(rows), row, 1, [DataController.objects.create(name="Region Midtjylland")])
    row.agreements.create(kind="processor", title="DPA 12")
    return row


def test_what_is_missing_is_named_and_gates_activation(rows: ProtocolRows) -> None:
    row = create(act(rows), short_name="BRAIN", title="Brain")
    row.agreements.create(kind="processor", title="DPA 12")
    row.agreements.create(kind="other", title="optional", required=False)
    words = missing(row, rows.at)
    assert len(words) == 4 and "DPA 12" in words[-1]
    with pytest.raises(ProtocolError, match="a purpose, a legal basis, a data controller, the agreement"):
        activate(act(rows), row, row.revision)
    assert Protocol.objects.get().status == "draft"


@pytest.mark.parametrize(
    ("signed", "until", "valid"),
    [(0, None, True), (-10, 0, True), (1, None, False), (-10, -1, False), (None, None, False)],
)
def test_an_agreement_counts_while_it_is_signed_and_valid(
    rows: ProtocolRows, draft: Protocol, signed: int | None, until: int | None, valid: bool
) -> None:
    day = rows.at.date()
    draft.agreements.update(
        signed_on=None if signed is None else day + timedelta(days=signed),
        valid_until=None if until is None else day + timedelta(days=until),
    )
    assert (missing(draft, rows.at) == []) is valid
    if valid:
        assert activate(act(rows), draft, draft.revision).status == "active"
        with pytest.raises(ProtocolError, match="Only a draft"):
            activate(act(rows), draft, draft.revision)


def test_two_people_editing_at_once(rows: ProtocolRows, draft: Protocol) -> None:
    mine, theirs = Protocol.objects.get(), Protocol.objects.get()
    seen = mine.revision
    change(act(rows), mine, seen, title="Mine")
    with pytest.raises(ChangedMeanwhile):
        change(act(rows), theirs, seen, title="Theirs")
    assert Protocol.objects.get().title == "Mine"
    assert Entry.objects.filter(action="change protocol").count() == 1


def test_values_that_cannot_be(rows: ProtocolRows, draft: Protocol) -> None:
    for values in ({"short_name": "a b"}, {"short_name": "BRAIN"}, {"short_name": "x" * 33}, {"kind": "x"}):
        with pytest.raises(ValidationError):
            create(act(rows), **{"short_name": "OTHER", "title": "Other", **values})
    with pytest.raises(ValidationError):
        change(
            act(rows),
            draft,
            draft.revision,
            starts_on=rows.at.date(),
            ends_on=rows.at.date() - timedelta(days=1),
        )


def test_closing_and_opening_again_want_a_reason(rows: ProtocolRows, draft: Protocol) -> None:
    draft.agreements.update(signed_on=rows.at.date())
    activate(act(rows), draft, draft.revision)
    with pytest.raises(ProtocolError, match="Say why"):
        close(act(rows), draft, draft.revision, "")
    close(act(rows), draft, draft.revision, "accrual complete", rows.at + timedelta(days=90))
    assert (draft.status, draft.readable_until) == ("closed", rows.at + timedelta(days=90))
    with pytest.raises(ProtocolError, match="closed already"):
        close(act(rows), draft, draft.revision, "again")
    reopen(act(rows), draft, draft.revision, "a mistake")
    assert (draft.status, draft.closed_at) == ("active", None)
