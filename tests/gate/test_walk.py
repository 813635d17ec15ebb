"""What is checked while a data set streams by."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from planbank.errors import ObjectRefused
from planbank.gate.caller import Caller
from planbank.gate.dimse import Status
from planbank.gate.limits import Limits
from planbank.gate.walk import SizeWalk

HEADER = Caller("a" * 32, "::1").header("object", datetime.now(UTC))


@pytest.mark.parametrize("fragments", [[], [b""], [b"", b""]])
def test_nothing_is_no_data_set(fragments: list[bytes]) -> None:
    walk = SizeWalk(HEADER, Limits())
    for fragment in fragments:
        walk.feed(memoryview(fragment))
    with pytest.raises(ObjectRefused) as caught:
        walk.end()
    assert caught.value.status == Status.CANNOT_UNDERSTAND


def test_a_data_set_as_long_as_the_limit_passes_and_a_byte_more_does_not() -> None:
    walk = SizeWalk(HEADER, Limits(object_bytes=10))
    walk.feed(memoryview(bytes(10)))
    walk.end()
    with pytest.raises(ObjectRefused) as caught:
        walk.feed(memoryview(b"\0"))
    assert caught.value.status == Status.OUT_OF_RESOURCES
