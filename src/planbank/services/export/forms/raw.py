"""As received: the very bytes that lie in the archive, looked at before they are promised to anybody.

Comes in: an object. Goes out: where it lies, with its sums; the content hash is checked, so that damage is
told here and not found by who receives it. The preamble is zeros (archive/part10.py).
"""

from __future__ import annotations

import hashlib
import zlib
from collections.abc import Callable

from planbank.archive.names import content_digest, object_key
from planbank.archive.part10 import split
from planbank.errors import DicomError, ObjectMissing
from planbank.house import House
from planbank.services.export.forms.prepared import Prepared, Unfit
from planbank.takeout.models import Export, ExportFile

BLOCK = 1 << 20


def raw(house: House, export: Export) -> Callable[[ExportFile], Prepared]:
    """How each object of the export is prepared. That function raises Unfit."""

    def prepare(file: ExportFile) -> Prepared:
        key = object_key(file.version.content_hash)
        try:
            return _sums(house, key, file.version.content_hash)
        except ObjectMissing as exc:
            raise Unfit("missing") from exc
        except DicomError as exc:
            raise Unfit("changed") from exc

    return prepare


def _sums(house: House, key: str, content_hash: str) -> Prepared:
    with house.store.open(key) as stream:
        syntax, begins = split(stream)
        stream.seek(0)
        head = stream.read(begins)
        content, whole, crc, size = content_digest(syntax), hashlib.sha256(head), zlib.crc32(head), begins
        while block := stream.read(BLOCK):
            content.update(block)
            whole.update(block)
            crc = zlib.crc32(block, crc)
            size += len(block)
    if content.hexdigest() != content_hash:
        raise Unfit("changed")
    return Prepared(key, size, crc, whole.hexdigest())
