"""Rows of protocols in an empty bank."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from planbank.house import House

if TYPE_CHECKING:
    from tests.protocols.rows import ProtocolRows


@pytest.fixture
def rows(bank: House) -> ProtocolRows:
    from tests.protocols.rows import ProtocolRows  # Django is set up after this file is read

    return ProtocolRows(bank.clock.now())
