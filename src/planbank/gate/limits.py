"""How much one peer, and all peers together, may take of the gate.

Comes in: defaults, overridden by the gate's file and by the control file `senders`. Goes out:
one frozen `Limits`.
"""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from typing import TYPE_CHECKING, Any

from planbank.errors import SettingsError

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True)
class Limits:
    """Deadlines in seconds, sizes in bytes, counts. All above 0."""

    connections: int = 512
    connections_per_address: int = 128
    associate_seconds: float = 10.0
    """From the TCP connection to a whole A-ASSOCIATE-RQ (the ARTIM timer of PS3.8 section 9.1.5)."""
    idle_seconds: float = 600.0
    """Between two messages of an open association."""
    pdu_seconds: float = 60.0
    """For a PDU's body, and for the next PDU inside a message."""
    object_seconds: float = 3600.0
    association_seconds: float = 43200.0
    max_pdu: int = 131072
    """Announced and kept to: the length of a P-DATA-TF body (PS3.8 Annex D.1)."""
    associate_bytes: int = 262144
    command_bytes: int = 16384
    object_bytes: int = 17179869184
    quarantine_files: int = 200000
    """Of all senders that nobody registered, until somebody decides about them."""
    quarantine_bytes: int = 107374182400
    quarantine_files_per_address: int = 50000
    quarantine_bytes_per_address: int = 26843545600
    request_bytes: int = 4194304
    """Of a storage commitment request: about 30,000 objects."""
    report_seconds: float = 86400.0
    """How long a storage commitment report is tried before it is given up."""

    def replaced(self, overrides: Mapping[str, Any]) -> Limits:
        """These limits with some changed. Raises SettingsError naming the one that cannot be."""
        names = {field.name: field.type for field in fields(self)}
        for name, value in overrides.items():
            if name not in names:
                raise SettingsError(f"limits.{name}: there is no such limit.")
            kinds = (int,) if names[name] == "int" else (int, float)
            if isinstance(value, bool) or not isinstance(value, kinds) or not value > 0:
                raise SettingsError(f"limits.{name}: it must be a number above 0.")
        limits = replace(self, **overrides)
        if not 4096 <= limits.max_pdu <= 1 << 24:
            raise SettingsError("limits.max_pdu: it must be between 4096 and 16777216.")
        return limits
