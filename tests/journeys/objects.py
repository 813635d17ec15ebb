"""What a home's archive holds, read as files by nobody but the test.

Comes in: a home. Goes out: objects by SOP Instance UID, taken apart by the tests' own reader.
"""

from __future__ import annotations

import hashlib
from collections import defaultdict
from pathlib import Path

from tests.gate.raw_peer import Part10, read_part10


def archived(home: Path) -> dict[str, list[Part10]]:
    """SOP Instance UID -> every object kept under it."""
    found: dict[str, list[Part10]] = defaultdict(list)
    for path in sorted((home / "archive" / "objects").rglob("*")):
        if path.is_file():
            kept = read_part10(path)
            said = hashlib.sha256(kept.transfer_syntax_uid.encode() + b"\n" + kept.data).hexdigest()
            assert path.name == said, "an object lies under another content's hash"
            found[kept.sop_instance_uid].append(kept)
    return found
