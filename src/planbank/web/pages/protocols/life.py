"""One step in the life of a protocol or project: asked with a reason, then done.

Comes in: a request, the row, the room with its verbs, which verb. Goes out: the page that asks, or the way
back with what it is now. Two people at once: the second is told and nothing of theirs is saved.
"""

from __future__ import annotations

from types import ModuleType
from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from planbank.errors import ChangedMeanwhile, ProtocolError
from planbank.protocols.models import Project, Protocol
from planbank.web.acting import act_of

MEANWHILE = gettext_lazy(
    "Somebody changed this meanwhile. Nothing of yours is saved: "
    "open it in another window, compare, then save again."
)
NEEDS_NO_REASON = "activate"


class ReasonForm(forms.Form):
    """Why something ends, or begins again."""

    reason = forms.CharField(label=gettext_lazy("Reason"), max_length=200)
    seen = forms.IntegerField(widget=forms.HiddenInput)


def step(
    request: HttpRequest, row: Protocol | Project, room: ModuleType, verb: str, **context: Any
) -> HttpResponse:
    """Ask, then do `room.verb` with the revision its editor saw. The template is that of the row's kind."""
    kind = str(row._meta.verbose_name)
    form = ReasonForm(request.POST or None, initial={"seen": row.revision})
    if verb == NEEDS_NO_REASON:
        del form.fields["reason"]
    if request.method == "POST" and form.is_valid():
        seen, why = form.cleaned_data["seen"], form.cleaned_data.get("reason")
        try:
            getattr(room, verb)(act_of(request), row, seen, *([why] if why else []))
        except ChangedMeanwhile:
            form.add_error(None, str(MEANWHILE))
        except ProtocolError as exc:
            form.add_error(None, str(exc))
        else:
            said = {"name": row.short_name, "state": row.get_status_display()}
            messages.success(request, _("%(name)s is %(state)s now.") % said)
            return redirect(kind, row.pk)
    return render(request, f"{kind}s/life.html", {kind: row, "form": form, "verb": verb, **context})
