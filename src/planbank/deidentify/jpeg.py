"""Comments in JPEG streams, where cameras and programs write what they like.

Comes in: a fragment of encapsulated pixels. Goes out: the same object where it has no comment, else
the bytes with the words of comments and application data overwritten by zeros: the length stays, the
picture too. Sources: ISO/IEC 10918-1 annex B, 14495-1 annex C, 15444-1 annex A.
"""

from __future__ import annotations

from planbank.errors import Refused

_STARTS = (b"\xff\xd8", b"\xff\x4f")
_SCAN = {b"\xff\xd8": 0xDA, b"\xff\x4f": 0x93}
_COMMENTS = {b"\xff\xd8": (0xFE,), b"\xff\x4f": (0x64,)}
_NEEDED = (b"JFIF\0", b"Adobe", b"mrfx", b"SPIFF\0")


def without_comments(fragment: bytes) -> bytes:
    """Blank comments (COM) and application segments that decoders do not need.

    Raises Refused where the stream's segments do not add up, or text follows its end.
    """
    start = fragment[:2]
    if start not in _STARTS:
        return fragment
    found = [place for place in _segments(fragment, start) if any(fragment[slice(*place)])]
    out = bytearray(fragment) if found else None
    for begin, end in found:
        assert out is not None
        out[begin:end] = bytes(end - begin)
    _check_tail(fragment)
    return fragment if out is None else bytes(out)


def _segments(fragment: bytes, start: bytes) -> list[tuple[int, int]]:
    """Places of the words of comments and application data, up to the first scan."""
    found, position = [], 2
    while position + 4 <= len(fragment):
        if fragment[position] != 0xFF:
            raise Refused("The segments of its compressed pixels do not add up.")
        marker = fragment[position + 1]
        if marker == 0xFF:
            position += 1
            continue
        if marker == _SCAN[start]:
            break
        length = int.from_bytes(fragment[position + 2 : position + 4])
        begin, end = position + 4, position + 2 + length
        if length < 2 or end > len(fragment):
            raise Refused("The segments of its compressed pixels do not add up.")
        if _may_hold_words(marker, fragment[begin:end], start):
            found.append((begin + (2 if start == b"\xff\x4f" else 0), end))
        position = end
    return found


def _may_hold_words(marker: int, words: bytes, start: bytes) -> bool:
    application = start == b"\xff\xd8" and 0xE0 <= marker <= 0xEF
    return marker in _COMMENTS[start] or (application and not words.startswith(_NEEDED))


def _check_tail(fragment: bytes) -> None:
    """After the end of the picture nothing but padding may come."""
    end = fragment.rfind(b"\xff\xd9")
    if end >= 0 and fragment[end + 2 :].strip(b"\0\xff"):
        raise Refused("Something follows the end of its compressed pixels.")
