"""Files from anywhere in the tester: read, or said what is wrong; never an exception (R93)."""

from __future__ import annotations

import struct
import zlib

from hypothesis import example, given
from hypothesis import strategies as st

from planbank.demo.patients import part10
from planbank.services.trigger import trying
from tests.made import thinned
from tests.sending import ct, encoded

DEFLATED = "1.2.840.10008.1.2.1.99"


def meta(syntax: str, body: bytes) -> bytes:
    uid = syntax.encode() + b"\0" * (len(syntax) % 2)
    return bytes(128) + b"DICM" + b"\x02\x00\x10\x00UI" + struct.pack("<H", len(uid)) + uid + body


def deflated(body: bytes) -> bytes:
    engine = zlib.compressobj(wbits=-zlib.MAX_WBITS)
    return engine.compress(body) + engine.flush()


def test_a_structure_set_and_its_rois() -> None:
    rs = next(ds for ds in thinned("prostate") if ds.Modality == "RTSTRUCT")
    found = trying.read_dropped("rs.dcm", part10(rs))
    assert (found.what, found.wrong) == ("RT structure set", "")
    assert len(found.rois) == len(rs.StructureSetROISequence)


def test_a_deflated_file_is_read_and_a_bomb_is_not(monkeypatch: object) -> None:
    good = trying.read_dropped("a", meta(DEFLATED, deflated(encoded(ct()))))
    assert (good.wrong, good.values is not None) == ("", True)
    bomb = trying.read_dropped("a", meta(DEFLATED, deflated(bytes(trying.MOST_INFLATED + 1))))
    assert "inflates" in bomb.wrong


@given(
    st.binary(max_size=400),
    st.sampled_from(["", "1.2.840.10008.1.2", "1.2.840.10008.1.2.1", DEFLATED, "9.9"]),
)
@example(b"", "")
@example(b"MZ\x90\x00" * 50, "")
@example(b"\x08\x00\x05\x00SQ\x00\x00\xff\xff\xff\xff" * 20, "1.2.840.10008.1.2.1")
def test_whatever_is_dropped_is_answered(body: bytes, syntax: str) -> None:
    found = trying.read_dropped("x", meta(syntax, body) if syntax else body)
    assert bool(found.wrong) != (found.values is not None)


def test_every_cut_of_a_real_file_is_answered() -> None:
    whole = meta("1.2.840.10008.1.2.1", encoded(ct()))
    for end in range(0, len(whole), 7):
        found = trying.read_dropped("x", whole[:end])
        assert bool(found.wrong) != (found.values is not None)
