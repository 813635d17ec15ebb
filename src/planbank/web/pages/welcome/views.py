"""Setting one's own password: the first, or another for one forgotten.

Comes in: a one-time link (web/one_time.py). Goes out: a password that nobody else ever saw, or a
page that says what to do when the link no longer works.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.contrib import messages
from django.contrib.auth.forms import SetPasswordForm
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _

from planbank.web.one_time import RESETS, TOKENS, VALID_FOR, OneTime, set_password, user_of
from planbank.web.pages import PUBLIC, house_of, page

if TYPE_CHECKING:
    from django.http import HttpRequest, HttpResponse


@page("welcome/<str:uidb64>/<str:token>/", name="welcome", action=PUBLIC)
def welcome(request: HttpRequest, uidb64: str, token: str) -> HttpResponse:
    """Set a first password, once."""
    return _set(request, uidb64, token, TOKENS)


@page("sign-in/forgotten/<str:uidb64>/<str:token>/", name="reset", action=PUBLIC)
def reset(request: HttpRequest, uidb64: str, token: str) -> HttpResponse:
    """Set another password, once, by a link that was mailed."""
    return _set(request, uidb64, token, RESETS)


def _set(request: HttpRequest, uidb64: str, token: str, tokens: OneTime) -> HttpResponse:
    now = house_of(request).clock.now()
    user = user_of(uidb64, token, now, tokens)
    if user is None:
        return _over(request, tokens)
    form = SetPasswordForm(user, request.POST or None)
    first, second = form.fields["new_password1"], form.fields["new_password2"]
    first.label, second.label = _("Password"), _("The same password again")
    first.help_text, second.help_text = _("At least 12 characters. A few words in a row are good."), ""
    first.error_messages["required"] = second.error_messages["required"] = _("Type the password here.")
    if request.method == "POST" and form.is_valid():
        if not set_password(user, token, form.cleaned_data["new_password1"], now, tokens):
            return _over(request, tokens)
        messages.success(request, _("Your password is set. Sign in with it now."))
        return redirect("account_login")
    return render(
        request, "welcome/set.html", {"form": form, "person": user, "now": now, "again": tokens is RESETS}
    )


def _over(request: HttpRequest, tokens: OneTime) -> HttpResponse:
    """One page for a link that is used, too old or never was: nothing is told of who has an account."""
    return render(
        request, "welcome/over.html", {"days": VALID_FOR.days, "again": tokens is RESETS}, status=410
    )
