"""Many participants from a table: first looked at line by line, then done (R45).

Comes in: a CSV file. Goes out: a preview, in which the table's text goes along; and, sent back with the
name of exactly that outcome, the participants. Nothing of the file is kept before.
"""

from __future__ import annotations

from collections import Counter

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _

from planbank.errors import ChangedMeanwhile, SheetError
from planbank.protocols.models import Protocol
from planbank.protocols.roster.sheet import MAX_BYTES, decoded, read_sheet
from planbank.protocols.roster.upload import digest, planned, upload
from planbank.web.acting import act_of
from planbank.web.pages import page
from planbank.web.pages.participants.forms import SheetForm
from planbank.web.pages.participants.reach import roster_of

SHOWN = 500


@page(
    "protocols/<int:protocol>/participants/upload/",
    name="participants-upload",
    action="participant.edit",
    scope="protocol",
)
def uploaded(request: HttpRequest, protocol: int) -> HttpResponse:
    """Register and change many participants from a CSV file, after a preview."""
    here = get_object_or_404(Protocol, pk=protocol)
    roster = roster_of(request, here)
    form = SheetForm()
    context = {"protocol": here, "form": form, "columns": roster.columns, "limit": MAX_BYTES}
    if request.method != "POST":
        return render(request, "participants/upload.html", context)
    text = request.POST.get("text", "")
    if "file" in request.FILES:
        context["form"] = form = SheetForm(request.POST, request.FILES)
    elif not text:
        context["form"] = form = SheetForm(request.POST)
        form.is_valid()
        return render(request, "participants/upload.html", context)
    try:
        if "file" in request.FILES:
            text = decoded(request.FILES["file"].read(MAX_BYTES + 1))
        lines = read_sheet(text, roster.columns)
    except SheetError as exc:
        form.is_valid()
        form.add_error(None, str(exc))
        return render(request, "participants/upload.html", context)
    if request.POST.get("outcome"):
        try:
            done = upload(act_of(request), here, roster, lines, request.POST["outcome"])
        except ChangedMeanwhile:
            context["meanwhile"] = True
        else:
            counts = Counter(line.state for line in done)
            said = {state: counts[state] for state in ("added", "changed", "refused")}
            messages.success(request, _("%(added)s added, %(changed)s changed, %(refused)s refused.") % said)
            return redirect("participants", here.pk)
    would = planned(act_of(request), here, roster, lines)
    counts = Counter(line.state for line in would)
    context |= {
        "lines": would[:SHOWN],
        "left_out": max(0, len(would) - SHOWN),
        "counts": counts,
        "to_do": counts["added"] + counts["changed"],
        "outcome": digest(would),
        "text": text,
    }
    return render(request, "participants/preview.html", context)
