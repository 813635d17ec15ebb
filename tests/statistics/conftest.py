"""A protocol with a dictionary, two centres and their plans."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from planbank.house import House

if TYPE_CHECKING:
    from tests.naming.trial import Trial


@pytest.fixture
def trial(bank: House) -> Trial:
    from tests.naming.trial import Trial  # Django is set up after this file is read

    return Trial.made(bank.clock.now())
