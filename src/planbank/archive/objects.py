"""Reading an object back.

Comes in: a store and a content hash. Goes out: the data-set bytes as they were received, with
their transfer syntax.
"""

from __future__ import annotations

from planbank.archive.names import object_key
from planbank.archive.part10 import split
from planbank.archive.store import Store


def read_object(store: Store, content_hash: str) -> tuple[bytes, str]:
    """(data-set bytes, Transfer Syntax UID). Raises ObjectMissing, or DicomError for a damaged head."""
    with store.open(object_key(content_hash)) as stream:
        syntax, offset = split(stream)
        stream.seek(offset)
        return stream.read(), syntax
