"""The files of an upload, one a request, and what the browser asks about them.

Comes in: the bytes of one file with their SHA-256, or hashes. Goes out: JSON. A file is whole in one request,
and is known by its hash: what broke off is sent again, what came is not.
"""

from __future__ import annotations

import json
import re

from django.http import HttpRequest, JsonResponse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from planbank.errors import UploadError
from planbank.services.upload.take import MAX_FILE, take
from planbank.uploads import acting
from planbank.uploads.models import UploadedFile
from planbank.uploads.trial_ids import give
from planbank.uploads.words import TOO_LARGE, words
from planbank.web.acting import act_of
from planbank.web.pages import house_of, page
from planbank.web.pages.uploads.progress import patients_of, waiting
from planbank.web.pages.uploads.views import one_of

MOST = 5000
_HASH = re.compile(r"[0-9a-f]{64}")
_PIECE = 1 << 20
_LONGEST = 64


@page("uploads/<int:pk>/file/", name="upload-file", action="upload.send")
@require_POST
def receive(request: HttpRequest, pk: int) -> JsonResponse:
    """Take one file. 200 also where it is refused: the answer says so; 4xx where nothing was looked at."""
    upload, act = one_of(request, pk), act_of(request)
    sha256 = request.headers.get("X-Sha256", "")
    if upload.ended_at is not None:
        return JsonResponse({"error": _("This upload has ended. Begin another.")}, status=409)
    if not _HASH.fullmatch(sha256):
        return JsonResponse({"error": _("The hash of the file is missing.")}, status=400)
    size = int(request.headers.get("Content-Length") or 0)
    if size > MAX_FILE:
        row = acting.refused(act, upload, sha256, size, TOO_LARGE)
        return JsonResponse(_told(row))
    data = bytearray()
    while len(data) <= MAX_FILE and (piece := request.read(_PIECE)):
        data += piece
    return JsonResponse(_told(take(house_of(request), act, upload, bytes(data), sha256)))


@page("uploads/<int:pk>/known/", name="upload-known", action="upload.send")
@require_POST
def known(request: HttpRequest, pk: int) -> JsonResponse:
    """Which of these hashes came already: they need not be sent again."""
    upload = one_of(request, pk)
    try:
        asked = json.loads(request.body)["hashes"]
        hashes = [one for one in asked if isinstance(one, str) and _HASH.fullmatch(one)][:MOST]
    except (ValueError, KeyError, TypeError):
        return JsonResponse({"error": _("Hashes were expected.")}, status=400)
    return JsonResponse({"known": sorted(acting.known(upload, hashes))})


@page("uploads/<int:pk>/trial-ids/", name="upload-trial-ids", action="upload.send")
@require_POST
def trial_ids(request: HttpRequest, pk: int) -> JsonResponse:
    """What the trial calls patients, by the patient ID that is sent; says what is wrong with which."""
    upload = one_of(request, pk)
    try:
        asked = json.loads(request.body)["ids"]
        given = {str(one)[:_LONGEST]: str(text).strip()[: _LONGEST + 1] for one, text in asked.items()}
    except (ValueError, KeyError, TypeError, AttributeError):
        return JsonResponse({"error": _("Trial IDs were expected.")}, status=400)
    if len(given) > MOST:
        return JsonResponse({"error": _("Too many patients at once.")}, status=400)
    try:
        return JsonResponse({"wrong": give(act_of(request), upload, given)})
    except UploadError as exc:
        return JsonResponse({"error": exc.detail}, status=409)


@page("uploads/<int:pk>/state/", name="upload-state", action="upload.send")
@require_GET
def state(request: HttpRequest, pk: int) -> JsonResponse:
    """How far it is: kept, not yet filed, and what is filed by patient."""
    upload = one_of(request, pk)
    people = [
        {"id": one.file.sent_id, "objects": one.objects, "kinds": one.kinds, "patient": one.file.pk}
        for one in patients_of(request, upload)
    ]
    kept = upload.files.filter(state=UploadedFile.State.KEPT).count()
    return JsonResponse({"kept": kept, "waiting": waiting(upload), "patients": people})


def _told(row: UploadedFile) -> dict[str, object]:
    return {"state": row.state, "why": words(row.reason), "detail": row.detail, "tags": row.tags}
