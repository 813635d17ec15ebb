"""The files themselves: one ZIP, that goes on where it broke off (R113, R190).

Comes in: a request of who asked, perhaps for a range (RFC 9110, section 14). Goes out: the bytes, for as
long as the approval, the person's permission and their session hold; then the connection is broken off.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import timedelta

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect
from django.utils.translation import gettext as _

from planbank.access.queries.exports import exports_seen
from planbank.errors import AnswerEnded
from planbank.services.export.layout import lay_out, out_of_reach
from planbank.services.export.reading import LaidOut
from planbank.takeout.asking import taken
from planbank.takeout.models import Export
from planbank.web.acting import act_of, user_of
from planbank.web.long_answers import guarded
from planbank.web.pages import house_of, page

_RANGE = re.compile(r"bytes=([0-9]{1,19})-([0-9]{0,19})")
PAUSE = timedelta(seconds=1)


@page("exports/<int:pk>/files.zip", name="export-files", action="overview.view")
def files(request: HttpRequest, pk: int) -> HttpResponseBase:
    """The ZIP of an export, or a range of it; only for who asked."""
    house, by = house_of(request), act_of(request)
    row = exports_seen(request.user, by.at).filter(pk=pk, asked_by=user_of(request)).first()
    if row is None:
        raise Http404
    if row.state != Export.State.READY or row.is_over(by.at):
        messages.info(request, _("The files cannot be taken now: see how the export stands."))
        return redirect("export", pk)
    if out_of_reach(row, by.at):
        lay_out(house, row)  # what may no longer be taken is left out: another file, another tag
    if row.members <= len(row.extras):
        messages.info(request, _("Nothing that you may take out is left in it."))
        return redirect("export", pk)
    laid = LaidOut(house, row)
    start, stop = _asked_for(request, laid)
    if start >= row.size:
        return HttpResponse(status=416, headers={"Content-Range": f"bytes */{row.size}"})
    is_part = (start, stop) != (0, row.size)
    if request.method == "GET":
        taken(by, row, resumed=start > 0)
    pieces = _while_approved(request, row.pk, laid.pieces(start, stop))
    body = guarded(request, user_of(request), pieces) if request.method == "GET" else iter(())
    answer = StreamingHttpResponse(body, status=206 if is_part else 200, content_type="application/zip")
    name = f"{row.owner.short_name}-{row.pk}.zip"
    answer["Content-Disposition"] = f'attachment; filename="{re.sub(r"[^A-Za-z0-9._-]", "_", name)}"'
    answer["Content-Length"] = str(stop - start)
    answer["Accept-Ranges"], answer["ETag"] = "bytes", laid.tag
    answer["Cache-Control"] = "no-store"
    if is_part:
        answer["Content-Range"] = f"bytes {start}-{stop - 1}/{row.size}"
    return answer


def _asked_for(request: HttpRequest, laid: LaidOut) -> tuple[int, int]:
    """First byte and the one after the last. A range of another layout is the whole of this one."""
    size = laid.row.size
    found = _RANGE.fullmatch(request.headers.get("Range", ""))
    if found is None or request.headers.get("If-Range", laid.tag) != laid.tag:
        return 0, size
    start, last = int(found[1]), int(found[2] or size)
    return (0, size) if last < start and found[2] else (start, min(last + 1, size))


def _while_approved(request: HttpRequest, pk: int, pieces: Iterator[bytes]) -> Iterator[bytes]:
    """The pieces, until the approval is revoked, its day is over, or another layout replaced this one."""
    clock = house_of(request).clock
    layout, asked = Export.objects.values_list("layout", flat=True).get(pk=pk), clock.now()
    for piece in pieces:
        now = clock.now()
        if now - asked >= PAUSE:
            asked = now
            row = Export.objects.get(pk=pk)
            if row.state != Export.State.READY or row.is_over(now) or row.layout != layout:
                raise AnswerEnded
        yield piece
