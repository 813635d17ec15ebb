"""Command sets: round trips, another implementation's view of them, faults."""

from __future__ import annotations

import struct
from io import BytesIO

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydicom.filereader import read_dataset

from planbank.errors import ProtocolBroken
from planbank.gate import dimse
from planbank.gate.dimse import Status
from tests.gate.raw_peer import CT, command_set, store_request

even = st.binary(max_size=40).filter(lambda value: len(value) % 2 == 0)
elements = st.dictionaries(st.integers(1, 0xFFFF), even, max_size=10)


@given(elements)
def test_a_command_comes_back_as_it_was(given_elements: dict[int, bytes]) -> None:
    found = dict(dimse.decode(dimse.encode(given_elements)).elements)
    length = found.pop(dimse.GROUP_LENGTH)
    assert found == given_elements
    assert int.from_bytes(length, "little") == len(dimse.encode(given_elements)) - 12


@given(st.binary(max_size=200))
def test_random_bytes_are_a_command_or_a_protocol_error(data: bytes) -> None:
    try:
        command = dimse.decode(data)
    except ProtocolBroken:
        return
    assert sum(8 + len(value) for value in command.elements.values()) == len(data)


def test_a_c_store_request_is_understood() -> None:
    command = dimse.decode(command_set(store_request(CT, "1.2.3.4 ")))
    assert (command.field, command.message_id, command.has_data_set) == (0x0001, 7, True)
    assert (command.sop_class_uid, command.sop_instance_uid) == (CT, "1.2.3.4")


@pytest.mark.parametrize("comment", ["The disk is full.", "Even length", "x" * 90, "bl\u00e5b\u00e6r"])
def test_another_implementation_reads_the_response(comment: str) -> None:
    request = dimse.decode(command_set(store_request(CT, "1.2.3")))
    data = dimse.respond(request, Status.OUT_OF_RESOURCES, comment)
    ds = read_dataset(BytesIO(data), is_implicit_VR=True, is_little_endian=True)
    assert ds.CommandGroupLength == len(data) - 12
    assert (ds.CommandField, ds.MessageIDBeingRespondedTo, ds.CommandDataSetType) == (0x8001, 7, 0x0101)
    assert (ds.AffectedSOPClassUID, ds.AffectedSOPInstanceUID) == (CT, "1.2.3")
    assert ds.Status == 0xA700
    assert ds.ErrorComment == comment.encode("ascii", "replace").decode()[:64]
    assert all(len(value) % 2 == 0 for value in dimse.decode(data).elements.values())


def test_success_carries_no_comment() -> None:
    request = dimse.decode(command_set(store_request(CT, "1.2.3")))
    response = dimse.decode(dimse.respond(request, Status.SUCCESS, "said for nothing"))
    assert dimse.ERROR_COMMENT not in response.elements


def test_requested_uids_come_back_as_affected_ones() -> None:
    request = dimse.decode(
        command_set({0x0003: "1.2.3", 0x0100: 0x0130, 0x0110: 9, 0x0800: 0x0101, 0x1001: "1.2.3.4"})
    )
    response = dimse.decode(dimse.respond(request, Status.UNRECOGNISED_OPERATION))
    assert (response.field, response.sop_class_uid, response.sop_instance_uid) == (0x8130, "1.2.3", "1.2.3.4")


@pytest.mark.parametrize("name", ["field", "message_id", "has_data_set"])
@pytest.mark.parametrize("value", [None, b"", b"\1\0\0\0"])
def test_a_number_that_is_missing_or_too_long_is_refused(name: str, value: bytes | None) -> None:
    element = {"field": 0x0100, "message_id": 0x0110, "has_data_set": 0x0800}[name]
    command = dimse.Command({} if value is None else {element: value})
    with pytest.raises(ProtocolBroken):
        getattr(command, name)


@pytest.mark.parametrize(
    "data",
    [
        b"\0\0\0",
        struct.pack("<HHI", 0, 0x0100, 3) + b"\1\0",
        struct.pack("<HHI", 0, 0x0100, 0xFFFFFFFF),
        struct.pack("<HHI", 8, 0x0016, 2) + b"1 ",
        2 * (struct.pack("<HHI", 0, 0x0100, 2) + b"\1\0"),
    ],
)
def test_a_command_that_does_not_fit_is_refused(data: bytes) -> None:
    with pytest.raises(ProtocolBroken):
        dimse.decode(data)
