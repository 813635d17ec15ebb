"""What was kept comes back as it was received (R3)."""

from __future__ import annotations

import pytest

from planbank.archive.memory import MemoryStore
from planbank.archive.names import object_key
from planbank.archive.objects import read_object
from planbank.archive.part10 import preamble_and_meta
from planbank.errors import DicomError, ObjectMissing

SYNTAX = "1.2.840.10008.1.2.1"
HASH = "ab" * 32


def test_the_data_set_comes_back_without_what_stands_before_it() -> None:
    store = MemoryStore()
    store.put(object_key(HASH), preamble_and_meta("1.2", "1.3", SYNTAX) + b"the bytes")
    assert read_object(store, HASH) == (b"the bytes", SYNTAX)


def test_what_is_missing_or_damaged_is_said() -> None:
    store = MemoryStore()
    with pytest.raises(ObjectMissing):
        read_object(store, HASH)
    store.put(object_key(HASH), b"no DICOM")
    with pytest.raises(DicomError):
        read_object(store, HASH)
