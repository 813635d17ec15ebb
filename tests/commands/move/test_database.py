"""A database that cannot be copied says why, and that nothing was (tests/journeys/test_move copies one)."""

from __future__ import annotations

from pathlib import Path

import pytest

from planbank.commands.move.database import copy_database
from planbank.commands.move.tables import make_tables
from planbank.config import load
from planbank.errors import MoveError

NOWHERE = "postgresql://nobody@127.0.0.1:1/none?connect_timeout=1"


def test_a_server_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(MoveError, match=r"A database said: .*Nothing was copied\.$"):
        copy_database(NOWHERE, NOWHERE)
    with pytest.raises(MoveError, match="Nothing was copied: the tables cannot"):
        make_tables(load(home=tmp_path), NOWHERE)


@pytest.mark.parametrize("address", ["postgresql://[", "../etc/passwd", "mysql://here/bank", "host=a port=b"])
def test_an_address_that_is_none(tmp_path: Path, address: str) -> None:
    with pytest.raises(MoveError, match="Nothing was copied"):
        copy_database(address, address)
    with pytest.raises(MoveError, match="Nothing was copied"):
        make_tables(load(home=tmp_path), address)
