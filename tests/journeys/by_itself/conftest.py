"""One running bank for all journeys of this folder: its clock is set forward, so each asks for what it needs.

Each journey has its own patients and may run alone or after any other.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.journeys.by_itself.bank import ByItself


@pytest.fixture(scope="package")
def works(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ByItself]:
    from tests.journeys.by_itself import bank  # brings models: Django is started by now

    with bank.running(tmp_path_factory.mktemp("by-itself")) as works:
        yield works
