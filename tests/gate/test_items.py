"""Items inside A-ASSOCIATE PDUs."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from planbank.errors import ProtocolBroken
from planbank.gate.items import decode_items, decode_uid, encode_item, encode_uid


@given(st.lists(st.tuples(st.integers(0, 255), st.binary(max_size=40))))
def test_items_come_back_in_order(items: list[tuple[int, bytes]]) -> None:
    body = b"".join(encode_item(kind, value) for kind, value in items)
    assert [(kind, bytes(value)) for kind, value in decode_items(memoryview(body))] == items


@given(st.binary(max_size=100))
def test_random_bytes_are_items_to_the_last_byte_or_an_error(body: bytes) -> None:
    try:
        taken = sum(4 + len(value) for _, value in decode_items(memoryview(body)))
    except ProtocolBroken:
        return
    assert taken == len(body)


@pytest.mark.parametrize("body", [b"\x10", b"\x10\0\0", b"\x10\0\0\1", b"\x10\0\xff\xff1.2"])
def test_an_item_longer_than_what_holds_it_is_refused(body: bytes) -> None:
    with pytest.raises(ProtocolBroken):
        list(decode_items(memoryview(body)))


@pytest.mark.parametrize("padding", [b"", b"\0", b" ", b"\0 \0"])
def test_padding_of_a_uid_is_trimmed(padding: bytes) -> None:
    assert decode_uid(memoryview(encode_uid("1.2.840") + padding)) == "1.2.840"
