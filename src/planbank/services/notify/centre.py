"""placeholder"""

from __future__ import annotations

from planbank.house import House


def write_digests(house: House) -> int:
    return 0
