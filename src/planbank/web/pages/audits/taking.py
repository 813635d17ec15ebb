"""Downloading a copy by a link, without an account (R107).

Comes in: the token of an address. Goes out: a page in plain words; on its button the ZIP, once. Looking at
the page uses nothing up, so that a mail scanner that follows links takes nobody's copy. A token that is used,
too old, revoked or never was gets the one answer.
"""

from __future__ import annotations

from collections.abc import Iterator

from allauth.core import ratelimit
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import render

from planbank.audits.acting import why_not_out
from planbank.audits.links import link_of, seen, use
from planbank.audits.models import Copy
from planbank.errors import AnswerEnded
from planbank.exports.zip_file import Ends, Member, ends, pieces
from planbank.house import House
from planbank.journal.record import Actor
from planbank.protocols.act import Act
from planbank.web.pages import PUBLIC, house_of, page

LOOK_EACH = 64  # pieces between two looks whether it may still go out


@page("copies/<str:token>/", name="copy-link", action=PUBLIC)
def copy_link(request: HttpRequest, token: str) -> HttpResponseBase:
    """What the link is of; a POST takes it."""
    if not ratelimit.consume(request, action="copy_link"):
        return render(request, "429.html", status=429)
    house = house_of(request)
    now = house.clock.now()
    link = link_of(token, now)
    if link is None:
        return _over(request)
    if request.method != "POST":
        seen(link, now)
        context = {"copy": link.copy, "study": link.copy.study, "size": _whole(link.copy).size}
        return render(request, "audits/take.html", context | {"until": link.expires_at})
    if not use(Act(now, Actor("service", "copy-link")), link):
        return _over(request)
    whole = _whole(link.copy)
    answer = StreamingHttpResponse(_body(house, link.copy, whole), content_type="application/zip")
    answer["Content-Disposition"] = f'attachment; filename="{link.copy.patient_id}.zip"'
    answer["Content-Length"] = str(whole.size)
    answer["Cache-Control"] = "no-store"
    return answer


def _over(request: HttpRequest) -> HttpResponse:
    return render(request, "audits/over.html", status=410)


def _members(copy: Copy, start: int) -> Iterator[Member]:
    for name, size, crc, offset in copy.files.order_by("offset").values_list("name", "size", "crc", "offset"):
        member = Member(name, size, crc, offset)
        if member.end > start:
            yield member


def _whole(copy: Copy) -> Ends:
    return ends(_members(copy, 0))


def _body(house: House, copy: Copy, whole: Ends) -> Iterator[bytes]:
    """The ZIP, until it may no longer go out: the connection is then broken off."""
    keys = dict(copy.files.values_list("name", "key"))
    made = pieces(lambda at: _members(copy, at), lambda one: house.store.open(keys[one.name]), whole)
    for number, piece in enumerate(made):
        if number % LOOK_EACH == LOOK_EACH - 1:
            row = Copy.objects.select_related("study__protocol", "case__patient_file").get(pk=copy.pk)
            if why_not_out(row):
                raise AnswerEnded
        yield piece
