"""The uploads of my institutions; one upload, where files are dropped and followed (R18, R19).

Comes in: a person who works for an institution. Goes out: lists and the page of one upload; the files
themselves come by `receive.py`.
"""

from __future__ import annotations

import json

from django.contrib import messages
from django.core.paginator import Paginator
from django.db.models import Count, Max, Q, QuerySet, Sum
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST

from planbank.access.policy import visible
from planbank.errors import UploadError
from planbank.people.models import Institution
from planbank.services.upload.rules import only_deidentified
from planbank.uploads import acting
from planbank.uploads.models import CopyKeyMark, Upload, UploadedFile
from planbank.uploads.words import words
from planbank.web.acting import act_of
from planbank.web.pages import Menu, house_of, page
from planbank.web.pages.uploads.forms import BeginForm
from planbank.web.pages.uploads.progress import patients_of
from planbank.web.pages.uploads.script_words import script_words

SIZE, SHOWN = 50, 100
State = UploadedFile.State


@page(
    "uploads/", name="uploads", action="upload.send", menu=Menu("data", gettext_lazy("Upload"), "upload", 32)
)
def uploads(request: HttpRequest) -> HttpResponse:
    """What was uploaded for my institutions, newest first; the form to begin another."""
    mine = senders_of(request)
    form = BeginForm(request.POST or None, mine, act_of(request).at)
    if request.method == "POST" and form.is_valid():
        given = form.cleaned_data
        institution: Institution = given["institution"]
        try:
            row = acting.begin(
                act_of(request),
                institution,
                deidentified=only_deidentified(institution),
                note=given["note"],
                fingerprint=given["fingerprint"],
                protocol=given.get("protocol"),
            )
        except UploadError as exc:
            form.add_error(None, exc.detail)
        else:
            return redirect("upload", row.pk)
    rows = uploads_of(request).annotate(
        kept=Count("files", filter=Q(files__state=State.KEPT)),
        refused=Count("files", filter=Q(files__state=State.REFUSED)),
        bytes=Sum("files__size", filter=Q(files__state=State.KEPT)),
        last=Max("files__at"),
    )
    context = {
        "form": form,
        "mine": mine,
        "clean": [row.pk for row in mine if only_deidentified(row)],
        "marked": [row.institution_id for row in CopyKeyMark.objects.filter(institution__in=mine)],
        "found": Paginator(rows, SIZE).get_page(request.GET.get("page")),
    }
    return render(request, "uploads/list.html", context)


@page("uploads/<int:pk>/", name="upload", action="upload.send")
def upload(request: HttpRequest, pk: int) -> HttpResponse:
    """One upload: drop files, follow them, see what was refused and why."""
    row = one_of(request, pk)
    refused = row.files.filter(state=State.REFUSED).order_by("reason", "pk")
    context = {
        "upload": row,
        "patients": patients_of(request, row),
        "kept": row.files.filter(state=State.KEPT).count(),
        "refused": [(one, words(one.reason)) for one in refused[:SHOWN]],
        "refused_count": refused.count(),
        "addresses": json.dumps(
            {name: reverse(f"upload-{name}", args=[pk]) for name in ("file", "known", "state", "trial-ids")}
            | {"rules": reverse("upload-rules")}
        ),
        "given": json.dumps({one.sent_id: one.trial_id for one in row.trial_ids.all()}),
        "mark": CopyKeyMark.objects.filter(institution=row.institution).first(),
        "words": json.dumps(script_words()),
    }
    return render(request, "uploads/one.html", context)


@page("uploads/<int:pk>/end/", name="upload-end", action="upload.send")
@require_POST
def end(request: HttpRequest, pk: int) -> HttpResponse:
    """No more files come."""
    acting.end(act_of(request), one_of(request, pk))
    messages.success(request, _("Ended. What was kept is on its way; begin another upload for more."))
    return redirect("upload", pk)


def senders_of(request: HttpRequest) -> list[Institution]:
    """Institutions for which this person may send."""
    now = house_of(request).clock.now()
    rows = visible(
        request.user, "upload.send", Institution.objects.filter(is_active=True), institution="pk", at=now
    )
    return list(rows.order_by("code"))


def uploads_of(request: HttpRequest) -> QuerySet[Upload]:
    """Uploads of institutions that this person may send for."""
    now = house_of(request).clock.now()
    rows = visible(request.user, "upload.send", Upload.objects.all(), institution="institution", at=now)
    return rows.select_related("institution", "by", "protocol").order_by("-began_at", "-pk")


def one_of(request: HttpRequest, pk: int) -> Upload:
    """One of them. Raises Http404 for what is absent or hidden alike."""
    row = uploads_of(request).filter(pk=pk).first()
    if row is None:
        raise Http404
    return row
