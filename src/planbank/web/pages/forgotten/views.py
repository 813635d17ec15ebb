"""A forgotten password: an address typed, a link mailed.

Comes in: an e-mail address. Goes out: by the outbox a link to whoever has an account with it; to the
browser the same page whether there is one or not, after the same work (security.md, enumeration).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from allauth.core import ratelimit
from django import forms
from django.db import transaction
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from planbank.journal.record import Actor, record
from planbank.messages.outbox import open_channels
from planbank.people.models import User
from planbank.web.link_mail import mail_reset
from planbank.web.pages import PUBLIC, house_of, page

if TYPE_CHECKING:
    from django.http import HttpRequest, HttpResponse

    from planbank.house import House

# Of old accounts several may share an address; each gets its own link.
MOST = 5


class ForgottenForm(forms.Form):
    """The address that the account has."""

    email = forms.EmailField(
        label=gettext_lazy("E-mail"),
        max_length=254,
        widget=forms.EmailInput(attrs={"autocomplete": "email", "autofocus": True}),
    )


@page("sign-in/forgotten/", name="forgotten", action=PUBLIC)
def forgotten(request: HttpRequest) -> HttpResponse:
    """Ask for a link by mail."""
    house = house_of(request)
    form = ForgottenForm(request.POST or None)
    asked = False
    if request.method == "POST" and form.is_valid():
        email = form.cleaned_data["email"]
        if not ratelimit.consume(request, action="reset_password", key=email.lower()):
            return render(request, "429.html", status=429)
        _send(house, email)
        asked = True
    mails = "email" in open_channels(house.settings)
    return render(request, "forgotten/page.html", {"form": form, "asked": asked, "mails": mails})


@transaction.atomic
def _send(house: House, email: str) -> None:
    """Mail a link to everybody with this address; where there is nobody do the same work in vain."""
    users = list(User.objects.filter(email__iexact=email, is_active=True).order_by("pk")[:MOST])
    at = house.clock.now()
    for user in users:
        mail_reset(house, user)
    if not users:
        with transaction.atomic():
            mail_reset(house, User(pk=0, username="nobody", name=_("nobody"), email=email))
            transaction.set_rollback(True)
    names = [user.username for user in users] or ["unknown"]
    for name in names:
        outcome = "done" if users else "refused"
        record(Actor("user", name), "ask for a new password", at, object_kind="user", outcome=outcome)
