"""Ranges of bytes that a browser asks for (RFC 9110, section 14).

Comes in: the header Range and how many bytes there are. Goes out: (first, last) of one range. Several at
once, other units and what cannot be read are passed over, as the RFC allows: the whole is sent.
"""

from __future__ import annotations

import re

_ONE = re.compile(r"bytes=(\d{0,19})-(\d{0,19})\Z")


class Unsatisfiable(Exception):
    """The range begins behind the end."""


def byte_range(header: str, size: int) -> tuple[int, int] | None:
    """First and last byte, both counted in; None where the whole is wanted. Raises Unsatisfiable."""
    found = _ONE.match(header.replace(" ", ""))
    if found is None or found.groups() == ("", ""):
        return None
    first, last = found.groups()
    if not first:  # the last so many bytes
        if int(last) == 0 or size == 0:
            raise Unsatisfiable
        return max(0, size - int(last)), size - 1
    if last and int(last) < int(first):
        return None
    if int(first) >= size:
        raise Unsatisfiable
    return int(first), min(int(last), size - 1) if last else size - 1
