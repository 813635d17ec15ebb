"""The files themselves, for who asked, in a browser (R113, R190).

Comes in: a request of who asked, perhaps for a range. Goes out: the bytes, for as long as the approval, the
person's permission and their session hold; then the connection is broken off.
"""

from __future__ import annotations

from django.contrib import messages
from django.http import Http404, HttpRequest, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect

from planbank.access.queries.exports import exports_seen
from planbank.errors import ProtocolError
from planbank.services.export.taking import take
from planbank.web.acting import act_of, user_of
from planbank.web.long_answers import guarded
from planbank.web.pages import house_of, page


@page("exports/<int:pk>/files.zip", name="export-files", action="overview.view")
def files(request: HttpRequest, pk: int) -> HttpResponseBase:
    """The ZIP of an export, or a range of it; only for who asked."""
    by = act_of(request)
    row = exports_seen(request.user, by.at).filter(pk=pk, asked_by=user_of(request)).first()
    if row is None:
        raise Http404
    asked, only_if = request.headers.get("Range", ""), request.headers.get("If-Range", "")
    try:
        found = take(house_of(request), row, by, asked=asked, only_if=only_if, head=request.method != "GET")
    except ProtocolError as exc:
        messages.info(request, str(exc))
        return redirect("export", pk)
    body = guarded(request, user_of(request), found.pieces)
    return StreamingHttpResponse(
        body, status=found.status, content_type="application/zip", headers=found.headers
    )
