"""Which UIDs the gate takes (PS3.5 section 9.1), and which SOP classes and transfer syntaxes (PS3.6 Annex A).

Comes in: UIDs as peers give them. Goes out: yes or no.
"""

from __future__ import annotations

import re

VERIFICATION = "1.2.840.10008.1.1"
STORAGE_COMMITMENT = "1.2.840.10008.1.20.1"
"""Storage Commitment Push Model (PS3.4 Annex J)."""
STORAGE_COMMITMENT_INSTANCE = "1.2.840.10008.1.20.1.1"
"""Its one, well-known instance."""
STORAGE_SERVICE_CLASS = "1.2.840.10008.4.2"
IMPLICIT_VR_LITTLE_ENDIAN = "1.2.840.10008.1.2"
EXPLICIT_VR_LITTLE_ENDIAN = "1.2.840.10008.1.2.1"
EXPLICIT_VR_BIG_ENDIAN = "1.2.840.10008.1.2.2"
PLAIN_SYNTAXES = frozenset({IMPLICIT_VR_LITTLE_ENDIAN, EXPLICIT_VR_LITTLE_ENDIAN, EXPLICIT_VR_BIG_ENDIAN})
"""Those in which a report of storage commitment can be written."""

_UID = re.compile(r"[0-9.]{1,64}")

# 'Storage' is decided by where the Standard puts its storage classes, so that a retired class, or
# one of an edition to come, is taken without a change here. What else stands under this root:
# query/retrieve models of protocol approval and inventory.
_STANDARD_ROOT = "1.2.840.10008.5.1.4.1.1."
_STANDARD_BUT_NOT_STORAGE = frozenset(
    _STANDARD_ROOT + tail for tail in ("200.4", "200.5", "200.6", "201.2", "201.3", "201.4", "201.5", "201.6")
)
_STANDARD_ELSEWHERE = frozenset(
    {
        "1.2.840.10008.5.1.1.27",  # Stored Print, retired
        "1.2.840.10008.5.1.1.29",  # Hardcopy Grayscale Image, retired
        "1.2.840.10008.5.1.1.30",  # Hardcopy Color Image, retired
        "1.2.840.10008.5.1.4.34.1",  # RT Beams Delivery Instruction, trial, retired
        "1.2.840.10008.5.1.4.34.7",  # RT Beams Delivery Instruction
        "1.2.840.10008.5.1.4.34.10",  # RT Brachy Application Setup Delivery Instruction
        "1.2.840.10008.5.1.4.38.1",  # Hanging Protocol
        "1.2.840.10008.5.1.4.39.1",  # Color Palette
        "1.2.840.10008.5.1.4.43.1",  # Generic Implant Template
        "1.2.840.10008.5.1.4.44.1",  # Implant Assembly Template
        "1.2.840.10008.5.1.4.45.1",  # Implant Template Group
    }
)
# Private storage classes as vendors' conformance statements name them, by root.
_VENDOR_ROOTS = (
    "1.2.246.352.70.1.",  # Varian: RT plan of the dual-layer MLC (.70) and its kin
    "1.2.840.113619.",  # GE: image info objects, 3D model, PET raw data, RT plan
    "1.3.12.2.1107.5.9.1",  # Siemens CSA non-image
    "1.3.12.2.1107.5.99.3.",  # Siemens CT/MR volume, AX frame sets
    "1.3.46.670589.",  # Philips: volume, 3D object, MR spectrum, live 3D
    "1.2.392.200036.9116.7.8.",  # Canon (Toshiba) ultrasound
    "1.2.392.200036.9125.1.1.",  # Fuji CR
    "1.2.124.113532.3500.",  # Agfa
    "1.2.276.0.48.5.1.4.1.1.",  # TomTec
)

_SYNTAX_ROOT = "1.2.840.10008.1.2"
# Everything that carries whole objects: not JPIP (pixels by address), nor video streams (SMPTE),
# nor the retired MIME and XML encodings.
TRANSFER_SYNTAXES = frozenset(
    {
        _SYNTAX_ROOT,  # implicit VR little endian
        f"{_SYNTAX_ROOT}.1",  # explicit VR little endian
        f"{_SYNTAX_ROOT}.1.98",  # encapsulated uncompressed
        f"{_SYNTAX_ROOT}.1.99",  # deflated
        f"{_SYNTAX_ROOT}.2",  # explicit VR big endian
        f"{_SYNTAX_ROOT}.5",  # RLE
        f"{_SYNTAX_ROOT}.8.1",  # deflated image frames
        # JPEG, retired processes included; JPEG-LS 80-81, JPEG 2000 90-93, JPEG XL 110-112,
        # MPEG-2, MPEG-4, HEVC 100-108 (.1: fragmentable), HTJ2K 201-203
        *(f"{_SYNTAX_ROOT}.4.{n}" for n in (*range(50, 67), 70, 80, 81, *range(90, 94))),
        *(f"{_SYNTAX_ROOT}.4.{n}" for n in (*range(100, 109), *range(110, 113), *range(201, 204))),
        *(f"{_SYNTAX_ROOT}.4.{n}.1" for n in range(100, 107)),
    }
)


def is_uid(text: str) -> bool:
    """Whether `text` is harmless: 1 to 64 digits and dots, no two dots side by side.

    Laxer than PS3.5 on purpose: leading zeros are kept, with a finding behind the gate.
    """
    return _UID.fullmatch(text) is not None and ".." not in text


def is_vendor_storage(sop_class_uid: str) -> bool:
    """Whether a private SOP class is known to be a vendor's storage class."""
    return sop_class_uid.startswith(_VENDOR_ROOTS)


def is_standard_storage(sop_class_uid: str) -> bool:
    """Whether the Standard has, had or may have this as a storage class."""
    if sop_class_uid.startswith(_STANDARD_ROOT):
        return sop_class_uid not in _STANDARD_BUT_NOT_STORAGE
    return sop_class_uid in _STANDARD_ELSEWHERE
