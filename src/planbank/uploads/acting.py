"""The life of an upload: begun, its files noted, its key held to, ended.

Comes in: an act, what is wanted. Goes out: rows, journalled. Raises UploadError in words where it may not be.
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Iterable, Sequence

from django.db import transaction
from django.utils.translation import gettext as _

from planbank.errors import UploadError
from planbank.people.models import Institution
from planbank.protocols.act import Act
from planbank.protocols.models import Protocol
from planbank.uploads.models import CopyKeyMark, Upload, UploadedFile

_FINGERPRINT = re.compile(r"[0-9a-f]{16}")
State = UploadedFile.State


@transaction.atomic
def begin(
    act: Act,
    institution: Institution,
    *,
    deidentified: bool,
    note: str = "",
    fingerprint: str = "",
    protocol: Protocol | None = None,
) -> Upload:
    """Begin an upload.

    Where only de-identified files are taken, `fingerprint` is that of the institution's one key.
    """
    if deidentified:
        _hold_to_key(act, institution, fingerprint)
    row = Upload.objects.create(
        number=secrets.token_hex(16),
        institution=institution,
        by=act.user,
        began_at=act.at,
        deidentified=deidentified,
        note=note.strip()[:200],
        protocol=protocol,
    )
    _journal(act, "begin upload", row)
    return row


def _hold_to_key(act: Act, institution: Institution, fingerprint: str) -> None:
    if not _FINGERPRINT.fullmatch(fingerprint):
        raise UploadError(_("Choose the key file: its fingerprint is needed, the key itself stays with you."))
    values = {"fingerprint": fingerprint, "seen_at": act.at, "by": act.user}
    mark, made = CopyKeyMark.objects.get_or_create(institution=institution, defaults=values)
    if not made and mark.fingerprint != fingerprint:
        raise UploadError(
            _(
                "This is not the key of your earlier uploads (%(mark)s). With another key the same patients "
                "would come as others. Use the same key file."
            )
            % {"mark": mark.fingerprint}
        )
    if made:
        act.journal("hold to copy key", object_kind="institution", object_id=institution.code)


def kept(act: Act, upload: Upload, sha256: str, size: int, parcel_id: str) -> UploadedFile:
    """Note that a file lies, sealed, where register finds it."""
    return _noted(upload, sha256, size, at=act.at, state=State.KEPT, parcel_id=parcel_id)


def refused(
    act: Act,
    upload: Upload,
    sha256: str,
    size: int,
    reason: str,
    *,
    detail: str = "",
    tags: Sequence[str] = (),
) -> UploadedFile:
    """Note that a file was not taken, and why; what was kept before stays so."""
    if earlier := known(upload, [sha256]).get(sha256):
        return earlier
    more = {"detail": detail[:300], "tags": list(tags)}
    return _noted(upload, sha256, size, at=act.at, state=State.REFUSED, reason=reason, **more)


def known(upload: Upload, hashes: Iterable[str]) -> dict[str, UploadedFile]:
    """Those of the files that were kept: they need not be sent again."""
    rows = upload.files.filter(sha256__in=list(hashes), state=State.KEPT)
    return {row.sha256: row for row in rows}


@transaction.atomic
def end(act: Act, upload: Upload) -> None:
    """No more files come. What was kept stays and is on its way; twice is once."""
    row = Upload.objects.select_for_update().get(pk=upload.pk)
    if row.ended_at is None:
        row.ended_at = act.at
        row.save(update_fields=["ended_at"])
        _journal(act, "end upload", row, files=row.files.filter(state=State.KEPT).count())


def _noted(upload: Upload, sha256: str, size: int, **values: object) -> UploadedFile:
    row, _made = UploadedFile.objects.update_or_create(
        upload=upload,
        sha256=sha256,
        defaults={"size": size, "reason": "", "detail": "", "tags": [], **values},
    )
    return row


def _journal(act: Act, action: str, row: Upload, **what: object) -> None:
    act.journal(action, object_kind="upload", object_id=row.pk, institution=row.institution.code, **what)
