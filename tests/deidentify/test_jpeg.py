"""Words in compressed pixels: blanked where a decoder does not need them, refused behind the picture."""

from __future__ import annotations

import pytest

from planbank.deidentify.jpeg import without_comments
from planbank.errors import Refused

JFIF = b"\xff\xe0\x00\x10JFIF\0" + bytes(9)
SCAN = b"\xff\xda\x00\x04\0\0" + b"\x12\xff\x00\x34" + b"\xff\xd9"


def comment(words: bytes, marker: int = 0xFE) -> bytes:
    return bytes((0xFF, marker)) + (len(words) + 2).to_bytes(2) + words


def test_a_picture_without_words_is_the_same_object() -> None:
    plain = b"\xff\xd8" + JFIF + SCAN
    assert without_comments(plain) is plain
    assert without_comments(plain + b"\0") == plain + b"\0"
    assert without_comments(b"the next fragment") == b"the next fragment"


@pytest.mark.parametrize("marker", [0xFE, 0xE1, 0xED])
def test_words_are_blanked_and_nothing_moves(marker: int) -> None:
    stream = b"\xff\xd8" + JFIF + comment(b"Bodil", marker) + SCAN
    assert without_comments(stream) == b"\xff\xd8" + JFIF + comment(bytes(5), marker) + SCAN


def test_comments_of_jpeg_2000_are_blanked_behind_their_kind() -> None:
    stream = b"\xff\x4f" + comment(b"\0\1Bodil", 0x64) + b"\xff\x93\x12\xff\xd9"
    assert (
        without_comments(stream) == b"\xff\x4f" + comment(b"\0\1" + bytes(5), 0x64) + b"\xff\x93\x12\xff\xd9"
    )


@pytest.mark.parametrize(
    "stream", [b"\xff\xd8" + SCAN + b"Bodil", b"\xff\xd8Bodil", b"\xff\xd8\xff\xfe\xff\xffBodil"]
)
def test_what_does_not_add_up_is_refused(stream: bytes) -> None:
    with pytest.raises(Refused):
        without_comments(stream)
