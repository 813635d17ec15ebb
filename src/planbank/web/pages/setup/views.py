"""The set-up sheet for a centre, to be printed: one A4 page, in English or Danish.

Comes in: a system administrator's request. Goes out: a page with everything that a planning
system's administrator types in, how to test it and whom to call.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.conf import settings as django_conf
from django.shortcuts import get_object_or_404, render
from django.utils import translation

from planbank.people.models import Sender
from planbank.web.pages import house_of, page
from planbank.web.pages.setup.sheet import sheet_for

if TYPE_CHECKING:
    from django.http import HttpRequest, HttpResponse


@page("senders/setup/", name="setup-sheet", action="senders.manage")
def blank_sheet(request: HttpRequest) -> HttpResponse:
    """The sheet with lines to write on, for a system that is not registered yet."""
    return _sheet(request, None)


@page("senders/<int:pk>/setup/", name="sender-setup", action="senders.manage")
def sender_sheet(request: HttpRequest, pk: int) -> HttpResponse:
    """The sheet of one sender."""
    return _sheet(request, get_object_or_404(Sender, pk=pk))


def _sheet(request: HttpRequest, sender: Sender | None) -> HttpResponse:
    """In the language asked for: a Dane may print a sheet for an English department."""
    asked, codes = request.GET.get("language", ""), dict(django_conf.LANGUAGES)
    language = asked if asked in codes else translation.get_language() or django_conf.LANGUAGE_CODE
    house = house_of(request)
    with translation.override(language):
        context = {
            "sender": sender,
            "sheet": sheet_for(house, sender),
            "now": house.clock.now(),
            "languages": [
                {"title": name, "url": f"?language={code}", "current": code == language}
                for code, name in codes.items()
            ],
        }
        return render(request, "setup/sheet.html", context)
