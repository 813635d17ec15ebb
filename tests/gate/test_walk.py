"""What is checked while a data set streams by: sizes, syntaxes, and files of every make."""

from __future__ import annotations

import zlib
from datetime import UTC, datetime
from pathlib import Path

import pydicom.data

from planbank.errors import ObjectRefused
from planbank.gate.caller import Caller
from planbank.gate.limits import Limits
from planbank.gate.walk import StructuralWalk
from tests.gate.data_sets import SOP_CLASS, SOP_INSTANCE, SYNTAXES, encode, pieces, uids
from tests.gate.raw_peer import Part10, read_part10

CANNOT_UNDERSTAND, OUT_OF_RESOURCES, MISMATCH = 0xC000, 0xA700, 0xA900
DEFLATED, JPEG = "1.2.840.10008.1.2.1.99", "1.2.840.10008.1.2.4.50"
FILES = Path(pydicom.data.__file__).parent

REFUSED = {
    "MR_truncated.dcm": CANNOT_UNDERSTAND,  # pixel data end too early
    "SC_rgb_jpeg.dcm": CANNOT_UNDERSTAND,  # implicit VR inside explicit VR
    "nested_priv_SQ.dcm": CANNOT_UNDERSTAND,  # group 0001
    "winter.dcm": CANNOT_UNDERSTAND,  # out of order
    "DICOMDIR": CANNOT_UNDERSTAND,  # group 0004
    "UN_sequence.dcm": MISMATCH,
    "badVR.dcm": MISMATCH,
    "chrJapMulti.dcm": MISMATCH,
    "chrJapMultiExplicitIR6.dcm": MISMATCH,
    "chrSQEncoding.dcm": MISMATCH,
    "chrSQEncoding1.dcm": MISMATCH,
    "no_meta_group_length.dcm": MISMATCH,
    "priv_SQ.dcm": MISMATCH,
    "rtdose.dcm": MISMATCH,
    "rtdose_1frame.dcm": MISMATCH,
    "rtdose_expb.dcm": MISMATCH,
    "rtdose_expb_1frame.dcm": MISMATCH,
    "rtplan.dcm": MISMATCH,
    "rtplan_truncated.dcm": MISMATCH,
}
"""pydicom's test files that break a rule, or whose meta header names other UIDs than their data set."""


def walk(part10: Part10, size: int = 131066, limits: Limits | None = None) -> int:
    """The status of a file's data set, sent with the UIDs of its meta header; 0 where it is accepted."""
    uid, syntax = part10.sop_instance_uid, part10.transfer_syntax_uid
    caller = Caller("a" * 32, "::1")
    header = caller.header("object", datetime.now(UTC), part10.sop_class_uid, uid, syntax)
    check = StructuralWalk(header, limits or Limits())
    try:
        for piece in pieces(part10.data, [size]):
            check.feed(piece)
        check.end()
    except ObjectRefused as refused:
        return refused.status
    return 0


def part10_files(folder: Path) -> list[tuple[Path, Part10]]:
    found = []
    for path in sorted(folder.rglob("*")):
        if path.is_file():
            try:
                found.append((path, read_part10(path)))
            except (ValueError, KeyError):
                continue  # no Part 10 file
    return found


def test_nothing_is_no_data_set() -> None:
    assert walk(Part10(SOP_CLASS, SOP_INSTANCE, SYNTAXES["explicit"], b"")) == CANNOT_UNDERSTAND


def test_a_data_set_as_long_as_the_limit_passes_and_a_byte_more_does_not() -> None:
    for syntax in ("explicit", "implicit", "big"):
        part10 = Part10(SOP_CLASS, SOP_INSTANCE, SYNTAXES[syntax], encode(uids(), syntax))
        assert walk(part10, limits=Limits(object_bytes=len(part10.data))) == 0
        assert walk(part10, limits=Limits(object_bytes=len(part10.data) - 1)) == OUT_OF_RESOURCES


def test_each_syntax_is_read_its_own_way() -> None:
    explicit = encode([*uids(), (0x7FE0, 0x10, "OB", None)], "explicit")
    engine = zlib.compressobj(6, zlib.DEFLATED, -15)
    deflated = engine.compress(explicit) + engine.flush()
    for syntax, data in ((JPEG, explicit), (DEFLATED, deflated)):
        assert walk(Part10(SOP_CLASS, SOP_INSTANCE, syntax, data), 5) == 0
    for syntax, data in ((DEFLATED, explicit), (JPEG, deflated), (SYNTAXES["big"], explicit)):
        assert walk(Part10(SOP_CLASS, SOP_INSTANCE, syntax, data), 5) in (CANNOT_UNDERSTAND, MISMATCH)


def test_files_of_every_make_pass_but_the_malformed() -> None:
    """pydicom's own test files, sent as they lie there."""
    files = part10_files(FILES)
    assert len(files) > 150
    for path, part10 in files:
        name = "DICOMDIR" if path.name.startswith("DICOMDIR") else path.name
        assert walk(part10) == walk(part10, 251) == REFUSED.get(name, 0), path.name
    assert set(REFUSED) <= {path.name for path, _ in files}


def test_real_plan_sets_pass(phantom: Path) -> None:
    files = part10_files(phantom)
    assert len(files) > 100
    assert {walk(part10) for _, part10 in files} == {0}
