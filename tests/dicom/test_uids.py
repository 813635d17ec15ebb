"""UIDs judged and SOP classes named."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from planbank.dicom import uids


@pytest.mark.parametrize(
    ("uid", "usable", "zero"),
    [
        ("1.2.840.10008", True, False),
        ("1.2.3\0", True, False),
        (" 1.2.3 ", True, False),
        ("1.02.3", True, True),
        ("1.0.3", True, False),
        ("1." + "2" * 62, True, False),
        ("1." + "2" * 63, False, False),
        ("", False, False),
        ("1..2", False, False),
        ("../1.2", False, False),
        ("1.2.a", False, False),
        ("1.2.٣", False, False),
    ],
)
def test_check(uid: str, usable: bool, zero: bool) -> None:
    found = uids.check(uid)
    assert (found.usable, found.leading_zero) == (usable, zero)
    assert bool(found.reason) == (not usable or zero)


@given(st.lists(st.integers(0, 10**8), min_size=1, max_size=6))
def test_well_formed_uids_pass(parts: list[int]) -> None:
    found = uids.check(".".join(map(str, parts)))
    assert found.usable
    assert not found.leading_zero


@pytest.mark.parametrize(
    ("uid", "name", "kind"),
    [
        (uids.CT_IMAGE, "CT image", "image"),
        (uids.PET_IMAGE, "Positron Emission Tomography image", "image"),
        (uids.RT_IMAGE, "RT image", "image"),
        (uids.RT_STRUCTURE_SET, "RT structure set", "structure set"),
        (uids.RT_ION_PLAN, "RT ion plan", "plan"),
        (uids.RT_DOSE, "RT dose", "dose"),
        (uids.RT_BEAMS_RECORD, "RT beams treatment record", "record"),
        (uids.DEFORMABLE_REGISTRATION, "deformable registration", "registration"),
        (uids.SEGMENTATION, "Segmentation", "other"),
        ("1.2.840.10008.5.1.4.1.1.88.67", "X-Ray Radiation Dose SR", "other"),
        ("1.2.840.10008.1.1", "Verification SOP Class", "other"),
        ("1.9.9", "unknown kind of object", "other"),
    ],
)
def test_sop_classes(uid: str, name: str, kind: str) -> None:
    assert uids.class_name(uid) == name
    assert uids.kind(uid + "\0") == kind
