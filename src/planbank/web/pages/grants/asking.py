"""Who may ask who sees a patient, and how far they are answered.

Comes in: a request, a patient file that the person sees. Goes out: the protocol they are answered for, or
everything.
"""

from __future__ import annotations

from datetime import datetime

from django.http import HttpRequest

from planbank.access.policy import may
from planbank.access.scopes import Scope
from planbank.access.standing import standing_of
from planbank.catalogue.models import PatientFile
from planbank.protocols.models import Membership
from planbank.web.acting import user_of
from planbank.web.pages import house_of


def may_ask_who(request: HttpRequest, file: PatientFile) -> bool:
    """Whether this person may ask who sees a patient they see: for the link on the patient's page."""
    now = house_of(request).clock.now()
    return bool(may(request.user, "access.explain", now)) and how_far(request, file, now) is not None


def how_far(request: HttpRequest, file: PatientFile, now: datetime) -> tuple[Scope | None] | None:
    """Everything of an own institution's patient `(None,)`, one protocol's, or None: not at all."""
    paths = standing_of(user_of(request)).in_force("access.explain", now)
    if Scope("institution", file.institution_id) in [path.scope for path in paths]:
        return (None,)
    held = Membership.objects.in_force().filter(patient_file=file.pk)
    for pk in held.order_by("protocol").values_list("protocol", flat=True).distinct():
        if Scope("protocol", pk) in [path.scope for path in paths]:
            return (Scope("protocol", pk),)
    return None
