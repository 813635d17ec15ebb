"""Text by Specific Character Set (0008,0005), code extensions included.

Comes in: the bytes of a text value and the character sets the object declares. Goes out:
text, never an exception, and whether anything had to be guessed. Source: DICOM PS3.5
section 6.1 and PS3.3 section C.12.1.1.2.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from pydicom.charset import CODES_TO_ENCODINGS, python_encoding

FALLBACK = "latin-1"
_ESCAPED = re.compile(rb"^[^\x1b]+|\x1b[^\x1b]*")
_STAND_ALONE = frozenset(("UTF8", "GB18030", "GBK"))
_OWN_ESCAPES = frozenset(("iso2022_jp", "iso2022_jp_2"))
_DELIMITERS = re.compile(rb"[\\^=\r\n\f\t]")


def codec_of(term: str) -> str | None:
    """The Python codec of one defined term without code extensions ('ISO_IR 100'), None for any other."""
    return python_encoding.get(term) if term.startswith("ISO_IR") else None


@dataclass(frozen=True, slots=True)
class CharacterSet:
    """The declared character sets as Python codecs; `guessed` where a term is unknown."""

    codecs: tuple[str, ...]
    declared: bool
    guessed: bool


def character_set(value: bytes) -> CharacterSet:
    """Read the value of Specific Character Set."""
    terms = [term.strip(" \0") for term in value.decode("ascii", "replace").split("\\")]
    codecs, guessed = [], False
    for place, term in enumerate(terms):
        name = re.sub(r"[\s_]+", " ", term.upper()).replace("ISO IR", "ISO_IR")
        codec = python_encoding.get(name)
        if codec is None or (not term and place):
            guessed = guessed or bool(term)
            continue
        codecs.append(codec)
    if not terms[0] or not codecs:
        codecs = ["ascii", *codecs[1:]]
    return CharacterSet(tuple(codecs), bool(terms[0]) or len(terms) > 1, guessed)


def decode(value: bytes, charset: CharacterSet, fallback: str = FALLBACK) -> tuple[str, bool]:
    """Decode one text value and trim its padding.

    Returns the text and whether it was guessed. Bytes that the declared sets cannot
    explain are read as UTF-8 where they are valid UTF-8, else as `fallback`.
    """
    if value.isascii() and b"\x1b" not in value:
        return value.decode("ascii").strip(" \0"), False
    try:
        if not charset.guessed and b"\x1b" in value and charset.codecs[0] not in _STAND_ALONE:
            text = "".join(_fragment(part, charset.codecs) for part in _ESCAPED.findall(value))
        elif charset.guessed:
            return _guess(value, fallback), True
        else:
            text = _plain(value, charset.codecs[0])
    except (UnicodeError, LookupError):
        return _guess(value, fallback), True
    return text.strip(" \0"), False


def _plain(value: bytes, codec: str) -> str:
    return value.decode("ascii" if codec == "iso8859" else codec)


def _guess(value: bytes, fallback: str) -> str:
    for codec in ("utf-8", fallback):
        try:
            return value.decode(codec).strip(" \0")
        except (UnicodeError, LookupError):
            continue
    return value.decode(FALLBACK).strip(" \0")


def _fragment(part: bytes, codecs: tuple[str, ...]) -> str:
    """One run of bytes that begins with at most one escape sequence."""
    if not part.startswith(b"\x1b"):
        return _plain(part, codecs[0])
    for length in (4, 3):
        codec = CODES_TO_ENCODINGS.get(part[:length])
        if codec is None:
            continue
        if codec in _OWN_ESCAPES:
            return part.decode(codec)
        if codec == "iso_ir_58":
            return part[length:].decode("gb2312")
        if codec == "euc_kr":
            return part[length:].decode(codec)
        return _until_delimiter(part[length:], codec, codecs[0])
    raise LookupError("unknown escape sequence")


def _until_delimiter(body: bytes, codec: str, first: str) -> str:
    """Delimiters switch back to the first set (PS3.5, section 6.1.2.5.3)."""
    found = _DELIMITERS.search(body)
    if found is None:
        return body.decode(codec)
    return body[: found.start()].decode(codec) + _plain(body[found.start() :], first)
