"""What can be told of a sealed parcel without opening it.

Comes in: the file of a parcel. Goes out: a `Look`: which keys here open it, for how many it was
sealed, and whose signature it bears. No data is decrypted.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, BinaryIO

from planbank.errors import ParcelError
from planbank.transit.seal import MAGIC
from planbank.transit.signature import VerifyKey, signed

if TYPE_CHECKING:
    from collections.abc import Mapping

    from planbank.transit.envelope import OpensSeals

# age-encryption.org/v1: stanzas, each begun by an arrow; the header ends with a line of its MAC,
# then come 16 bytes of nonce and the first chunk.
_FIRST_LINE = b"age-encryption.org/v1\n"
_STANZA, _LAST_LINE = b"-> X25519 ", b"---"
_NONCE_BYTES = 16
_HEADER_LINES, _LINE_BYTES = 2000, 1000


@dataclass(frozen=True)
class Look:
    """`opened_by`: public halves (age1...) of the keys here that open it; `sealed_for`: how many keys do.

    `signed_by` and `signed_with`: the depositor and the 32 bytes of the public key whose signature it
    bears, empty where that is no key known here. The signed bytes themselves are not compared.
    """

    opened_by: tuple[str, ...]
    sealed_for: int
    signed_by: str
    signed_with: bytes


def look(file: BinaryIO, opener: OpensSeals | None, verifiers: Mapping[str, VerifyKey]) -> Look:
    """Look at one parcel, whatever its state; what it does not say stays empty."""
    try:
        said = signed(file, verifiers)
        signed_by, signed_with = said.signer, said.key
    except ParcelError:
        signed_by, signed_with = "", b""
    file.seek(0)
    header = _age_header(file) if file.read(len(MAGIC)) == MAGIC else b""
    opened_by = opener.openers(header) if opener and header else ()
    stanzas = sum(line.startswith(_STANZA) for line in header.split(b"\n"))
    return Look(opened_by, stanzas, signed_by, signed_with)


def _age_header(file: BinaryIO) -> bytes:
    """Everything before the first chunk; empty where there is no such thing."""
    lines = [file.readline(_LINE_BYTES)]
    if lines[0] != _FIRST_LINE:
        return b""
    while len(lines) < _HEADER_LINES and lines[-1] and not lines[-1].startswith(_LAST_LINE):
        lines.append(file.readline(_LINE_BYTES))
    return b"".join(lines) + file.read(_NONCE_BYTES)
