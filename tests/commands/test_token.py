"""`planbank token` (R155): printed once, held to what was asked, plain words for what cannot be."""

from __future__ import annotations

from datetime import datetime

import pytest

from planbank.access.models import Token
from planbank.access.tokens import find
from planbank.commands.token import run
from planbank.house import House
from planbank.journal.models import Entry
from tests.protocols.rows import ProtocolRows

ASKED = {"protocol": "", "project": "", "institution": "", "purpose": "heart doses", "days": 30}


def test_a_token_is_printed_once_and_works(
    bank: House, now: datetime, capsys: pytest.CaptureFixture[str]
) -> None:
    rows = ProtocolRows(now)
    rows.user("rita", "AUH")
    brain = rows.protocol("BRAIN")
    assert run(bank, "rita", **{**ASKED, "protocol": "BRAIN"}) == 0  # type: ignore[arg-type]
    out, err = capsys.readouterr()
    token = find(out.strip(), bank.clock.now())
    assert token is not None and (token.scope_kind, token.scope_id) == ("protocol", brain.pk)
    assert "rita" in err and out.strip() not in err
    assert Entry.objects.get(action="token made").actor == "planbank token"


@pytest.mark.parametrize(
    ("user", "more", "says"),
    [
        ("nobody", {}, "no user nobody"),
        ("rita", {"protocol": "NONE"}, "There is no NONE"),
        ("rita", {"protocol": "A", "project": "B"}, "held to one"),
        ("rita", {"purpose": " "}, "a purpose"),
        ("rita", {"days": 400}, "1 to 366 days"),
    ],
)
def test_what_cannot_be(
    bank: House,
    now: datetime,
    capsys: pytest.CaptureFixture[str],
    user: str,
    more: dict[str, object],
    says: str,
) -> None:
    ProtocolRows(now).user("rita", "AUH")
    assert run(bank, user, **{**ASKED, **more}) == 2  # type: ignore[arg-type]
    out, err = capsys.readouterr()
    assert says in err and out == "" and not Token.objects.exists()
