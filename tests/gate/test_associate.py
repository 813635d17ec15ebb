"""A-ASSOCIATE-RQ and -AC: round trips, the bytes of another implementation, faults."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pynetdicom.pdu import A_ASSOCIATE_AC, A_ASSOCIATE_RQ

from planbank.errors import ProtocolBroken
from planbank.gate.associate import AgreedContext, AssociateAccept, AssociateRequest, ProposedContext
from planbank.gate.user_information import Role, UserInformation
from tests.gate.raw_peer import CT, EXPLICIT, IMPLICIT, associate_request, item

title = st.from_regex(r"[A-Z0-9][A-Z0-9_ ]{0,14}[A-Z0-9]", fullmatch=True)
uid = st.from_regex(r"[1-9][0-9.]{0,60}[0-9]", fullmatch=True)
context_id = st.integers(0, 127).map(lambda n: 2 * n + 1)
proposed = st.builds(ProposedContext, context_id, uid, st.lists(uid, max_size=4).map(tuple))
agreed = st.builds(AgreedContext, context_id, st.integers(0, 4), uid)
user = st.builds(UserInformation, st.integers(0, 0xFFFFFFFF), uid)


def distinct(contexts: st.SearchStrategy) -> st.SearchStrategy:
    return st.lists(contexts, max_size=6, unique_by=lambda context: context.context_id).map(tuple)


@given(st.builds(AssociateRequest, title, title, distinct(proposed), user))
def test_a_request_comes_back_as_it_was(request_: AssociateRequest) -> None:
    assert AssociateRequest.decode(memoryview(request_.encode())[6:]) == request_


@given(st.builds(AssociateAccept, title, title, distinct(agreed), user))
def test_an_acceptance_comes_back_as_it_was(accept: AssociateAccept) -> None:
    assert AssociateAccept.decode(memoryview(accept.encode())[6:]) == accept


@given(st.binary(max_size=300), st.booleans())
def test_random_bytes_are_read_or_refused(body: bytes, well_begun: bool) -> None:
    start = associate_request([])[:68] if well_begun else b""
    try:
        found = AssociateRequest.decode(memoryview(start + body))
    except ProtocolBroken:
        return
    assert len(found.contexts) <= 128


def test_another_implementation_reads_what_is_written() -> None:
    roles = (Role(CT, True, False),)
    information = UserInformation(131072, "1.2.3", "VERSION", roles, {CT: "1.2.840.10008.4.2"})
    request = AssociateRequest(
        "PLANBANK", "TPS", (ProposedContext(1, CT, (EXPLICIT, IMPLICIT)),), information
    )
    theirs = A_ASSOCIATE_RQ()
    theirs.decode(request.encode())
    assert theirs.encode() == request.encode()
    assert theirs.called_ae_title.strip() == "PLANBANK"
    assert [str(t) for t in theirs.presentation_context[0].transfer_syntax] == [EXPLICIT, IMPLICIT]

    accept = AssociateAccept("PLANBANK", "TPS", (AgreedContext(1, 0, EXPLICIT),), information)
    answer = A_ASSOCIATE_AC()
    answer.decode(accept.encode())
    assert answer.encode() == accept.encode()


def test_what_another_wrote_is_read() -> None:
    request = AssociateRequest.decode(memoryview(associate_request([(CT, [EXPLICIT, IMPLICIT])])))
    assert (request.called_ae, request.calling_ae) == ("PLANBANK", "DEMO_TPS")
    assert request.contexts == (ProposedContext(1, CT, (EXPLICIT, IMPLICIT)),)
    assert request.user.max_pdu == 16384


def test_unknown_items_are_read_over() -> None:
    body = associate_request([(CT, [EXPLICIT])]) + item(0x99, b"what is this")
    assert len(AssociateRequest.decode(memoryview(body)).contexts) == 1


@pytest.mark.parametrize(
    "extra",
    [
        item(0x20, bytes((2, 0, 0, 0)) + item(0x30, b"1.2")),  # even id
        item(0x20, bytes((1, 0, 0, 0)) + item(0x30, b"1.2")),  # given twice
        item(0x20, b"\3"),
        item(0x20, bytes((3, 0, 0, 0)) + b"\x30\0\xff\xff1.2"),
        b"\x50\0\0\x08\x51\0\0\4",
    ],
)
def test_a_request_that_does_not_fit_is_refused(extra: bytes) -> None:
    with pytest.raises(ProtocolBroken):
        AssociateRequest.decode(memoryview(associate_request([(CT, [EXPLICIT])]) + extra))


@pytest.mark.parametrize("size", [0, 10, 67])
def test_a_request_cut_short_is_refused(size: int) -> None:
    with pytest.raises(ProtocolBroken):
        AssociateRequest.decode(memoryview(associate_request([])[:size]))
