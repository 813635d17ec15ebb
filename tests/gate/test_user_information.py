"""User information: round trips, and sub-items that nobody needs here."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from planbank.errors import ProtocolBroken
from planbank.gate.items import encode_item
from planbank.gate.user_information import Role, UserInformation

uid = st.from_regex(r"[1-9][0-9.]{0,40}[0-9]", fullmatch=True)
role = st.builds(Role, uid, st.booleans(), st.booleans())
information = st.builds(
    UserInformation,
    st.integers(0, 0xFFFFFFFF),
    uid,
    st.from_regex(r"[A-Z0-9_]{0,16}", fullmatch=True),
    st.lists(role, max_size=4).map(tuple),
    st.dictionaries(uid, uid, max_size=3),
)


@given(information)
def test_it_comes_back_as_it_was(user: UserInformation) -> None:
    assert UserInformation.decode(memoryview(user.encode())) == user


@given(st.binary(max_size=120))
def test_random_bytes_are_read_or_refused(value: bytes) -> None:
    try:
        user = UserInformation.decode(memoryview(value))
    except ProtocolBroken:
        return
    assert 0 <= user.max_pdu <= 0xFFFFFFFF


def test_extended_negotiation_window_and_identity_are_read_over() -> None:
    extended = encode_item(0x56, b"\0\x071.2.840\1\1")
    window = encode_item(0x53, b"\0\5\0\5")
    identity = encode_item(0x58, b"\2\1\0\4user\0\4pass")
    value = extended + window + identity + UserInformation(max_pdu=4096).encode()
    assert UserInformation.decode(memoryview(value)) == UserInformation(max_pdu=4096)


@pytest.mark.parametrize(
    "item",
    [
        encode_item(0x51, b"\0\0\1"),
        encode_item(0x54, b"\0\x051.2"),
        encode_item(0x54, b"\0\x031.2"),
        encode_item(0x54, b""),
        encode_item(0x57, b"\0\x031.2"),
    ],
)
def test_a_sub_item_that_does_not_fit_is_refused(item: bytes) -> None:
    with pytest.raises(ProtocolBroken):
        UserInformation.decode(memoryview(item))
