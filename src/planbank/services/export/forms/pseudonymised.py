"""De-identified: made from the object by planbank.deidentify, under one key for each protocol or project.

Comes in: an object. Goes out: where its copy lies under `derived/`, with its sums. The key comes from that of
the vault, so a later export of the same protocol fits the earlier one, and two protocols never meet.
"""

from __future__ import annotations

import hashlib
import hmac
import zlib
from collections.abc import Callable

from planbank.archive.names import derived_key, object_key
from planbank.deidentify.keys import CopyKey
from planbank.deidentify.profiles import profile_named
from planbank.deidentify.residue import check_residue
from planbank.deidentify.template import template_of
from planbank.deidentify.words import Words
from planbank.errors import DicomError, ObjectMissing, Refused
from planbank.house import House
from planbank.protocols.models import StructureType
from planbank.services.export.forms.prepared import Prepared, Unfit
from planbank.takeout.models import Export, ExportFile
from planbank.transit.keys import KeyFolder

PROFILE = profile_named("export")


def pseudonymised(house: House, export: Export) -> Callable[[ExportFile], Prepared]:
    """How each object of the export is prepared. Raises KeyMissing; that function raises Unfit."""
    secret = _secret(house, export)
    names = _names(export)
    words = Words(names)
    key = CopyKey(secret, 1)
    says = hashlib.sha256(repr((PROFILE, sorted(names))).encode()).digest()

    def prepare(file: ExportFile) -> Prepared:
        try:
            with house.store.open(object_key(file.version.content_hash)) as stream:
                data = stream.read()
            made = template_of(data, PROFILE, words).render(key)
            check_residue(data, made, words)
        except ObjectMissing as exc:
            raise Unfit("missing") from exc
        except (Refused, DicomError) as exc:
            raise Unfit("refused") from exc
        # One file for one export: its end removes it and no other's.
        parts = f"export {export.pk} {file.version.content_hash}".encode()
        place = derived_key(hashlib.sha256(secret + says + parts).hexdigest(), "dcm")
        house.store.put(place, made)
        return Prepared(place, len(made), zlib.crc32(made), hashlib.sha256(made).hexdigest())

    return prepare


def _secret(house: House, export: Export) -> bytes:
    owner = export.owner
    said = f"planbank export 1 {owner._meta.model_name} {owner.pk}".encode()
    return hmac.new(KeyFolder(house.keys).vault_key(), said, hashlib.sha256).digest()


def _names(export: Export) -> list[str]:
    """The names that may stay besides the words of the field: the protocol's own structure types."""
    types = StructureType.objects.filter(protocol=export.protocol) if export.protocol else []
    return [one.name for one in types]
