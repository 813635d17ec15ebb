"""Where I am signed in.

Comes in: the person signed in; the number of a session to end, or 'others'. Goes out: a list; an
ended session is signed out at its next request.
"""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods

from planbank.people.models import User
from planbank.web import sessions
from planbank.web.pages import house_of, page
from planbank.web.reach import note


@page("account/sessions/", name="sessions", action="account.use")
@require_http_methods(["GET", "POST"])
def mine(request: HttpRequest) -> HttpResponse:
    """My sessions; any but this one can be ended."""
    user, this = request.user, request.session.session_key or ""
    assert isinstance(user, User)
    if request.method == "POST":
        return _end(request, user, this)
    rows = [(one, one.session_key == this) for one in sessions.of(user)]
    context = {"rows": rows, "others": sum(not own for _one, own in rows)}
    return render(request, "sessions/list.html", {**context, "now": house_of(request).clock.now()})


def _end(request: HttpRequest, user: User, this: str) -> HttpResponse:
    which = request.POST.get("end", "")
    if which == "others":
        ended = sessions.end(user, keep=this)
    elif which.isascii() and which.isdigit() and len(which) < 18:
        ended = sessions.end(user, keep=this, only=int(which))
    else:
        ended = 0
    if ended:
        note(request, "end sessions", object_kind="user", object_id=user.username, sessions=ended)
    said = ngettext("%(n)s session was ended.", "%(n)s sessions were ended.", ended) % {"n": ended}
    messages.success(request, said if ended else _("Nothing was ended: it was over already."))
    return redirect("sessions")
