"""PDUs: what is written is read back; what does not fit is refused, and nothing else happens."""

from __future__ import annotations

import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from planbank.errors import ProtocolBroken
from planbank.gate.pdu import (
    Abort,
    AbortReason,
    AssociateReject,
    PduType,
    check_release,
    decode_header,
    decode_pdvs,
    encode,
    encode_data,
    encode_release,
)

octet = st.integers(0, 255)
pdv = st.tuples(octet, st.booleans(), st.booleans(), st.binary(max_size=64))


def body_of(pdu: bytes) -> memoryview:
    pdu_type, length = decode_header(pdu[:6])
    assert length == len(pdu) - 6, pdu_type
    return memoryview(pdu)[6:]


@given(st.sampled_from(PduType), st.binary(max_size=100))
def test_a_header_tells_type_and_length(pdu_type: PduType, body: bytes) -> None:
    assert decode_header(encode(pdu_type, body)[:6]) == (pdu_type, len(body))


@given(octet, octet, octet)
def test_a_rejection_comes_back_as_it_was(result: int, source: int, reason: int) -> None:
    reject = AssociateReject(result, source, reason)
    assert AssociateReject.decode(body_of(reject.encode())) == reject


@given(octet, octet)
def test_an_abort_comes_back_as_it_was(source: int, reason: int) -> None:
    assert Abort.decode(body_of(Abort(source, reason).encode())) == Abort(source, reason)


@given(st.lists(pdv, min_size=1, max_size=8))
def test_several_fragments_in_one_pdu_come_back_in_order(
    pdvs: list[tuple[int, bool, bool, bytes]],
) -> None:
    body = b"".join(
        bytes(body_of(encode_data(context_id, data, is_command=command, is_last=last)))
        for context_id, command, last, data in pdvs
    )
    found = [(p.context_id, p.is_command, p.is_last, bytes(p.data)) for p in decode_pdvs(memoryview(body))]
    assert found == pdvs


@given(st.binary(max_size=200))
def test_random_bytes_give_fragments_that_fit_or_a_protocol_error(body: bytes) -> None:
    taken = 0
    try:
        for found in decode_pdvs(memoryview(body)):
            taken += 6 + len(found.data)
    except ProtocolBroken as exc:
        assert exc.reason == AbortReason.INVALID_PARAMETER
    else:
        assert taken == len(body)


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"\0\0\0\2\1",  # shorter than a header
        struct.pack(">IBB", 1, 1, 0),  # no room for its own control byte
        struct.pack(">IBB", 3, 1, 0),  # one byte longer than the PDU
        struct.pack(">IBB", 0xFFFFFFFF, 1, 0) + bytes(8),
    ],
)
def test_a_fragment_that_does_not_fit_is_refused(body: bytes) -> None:
    with pytest.raises(ProtocolBroken):
        list(decode_pdvs(memoryview(body)))


def test_no_fragment_is_given_of_a_pdu_that_does_not_hold_together() -> None:
    whole = bytes(body_of(encode_data(1, b"data", is_command=False, is_last=True)))
    with pytest.raises(ProtocolBroken):
        next(decode_pdvs(memoryview(whole + b"\0\0\0\0\0\0")))


@pytest.mark.parametrize("number", [0, 8, 255])
def test_an_unknown_pdu_type_is_named_as_such(number: int) -> None:
    with pytest.raises(ProtocolBroken) as caught:
        decode_header(struct.pack(">BxI", number, 4))
    assert caught.value.reason == AbortReason.UNRECOGNISED_PDU


@pytest.mark.parametrize("size", [0, 3, 5])
def test_small_pdus_have_four_bytes(size: int) -> None:
    for decode in (AssociateReject.decode, Abort.decode):
        with pytest.raises(ProtocolBroken):
            decode(bytes(size))
    with pytest.raises(ProtocolBroken):
        check_release(size)


def test_a_release_has_four_bytes() -> None:
    assert encode_release(PduType.RELEASE_RP) == b"\x06\0\0\0\0\4\0\0\0\0"
    check_release(4)
