"""Who I am here.

Comes in: the person signed in. Goes out: a page of what they may see and why; their language and
theme, kept with the account and in this browser.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.conf import settings
from django.contrib import messages
from django.db.models import Q
from django.shortcuts import redirect, render
from django.utils import translation
from django.utils.translation import gettext as _

from planbank.access.policy import institutions_of
from planbank.people.models import Affiliation, User
from planbank.web.pages import house_of, page
from planbank.web.pages.account.forms import Choices
from planbank.web.parts.theme import COOKIE, YEAR, theme_of

if TYPE_CHECKING:
    from datetime import datetime

    from django.db.models import QuerySet
    from django.http import HttpRequest, HttpResponse


@page("account/", name="account", action="account.use")
def account(request: HttpRequest) -> HttpResponse:
    """My account."""
    user, now = request.user, house_of(request).clock.now()
    assert isinstance(user, User)
    form = Choices(request.POST or None, initial={"language": user.language, "theme": theme_of(request)})
    if request.method == "POST" and form.is_valid():
        return _save(request, user, form)
    context = {"form": form, "person": user, "affiliations": _affiliations(user, now), "now": now}
    return render(request, "account/page.html", context)


def _save(request: HttpRequest, user: User, form: Choices) -> HttpResponse:
    language = form.cleaned_data["language"]
    user.language = language
    user.save(update_fields=["language"])
    with translation.override(language or translation.get_language()):
        messages.success(request, _("Saved."))
    answer = redirect("account")
    secure = request.is_secure()
    answer.set_cookie(COOKIE, form.cleaned_data["theme"], max_age=YEAR, samesite="Lax", secure=secure)
    if language:
        name = settings.LANGUAGE_COOKIE_NAME
        answer.set_cookie(name, language, max_age=YEAR, samesite="Lax", secure=secure)
    else:
        answer.delete_cookie(settings.LANGUAGE_COOKIE_NAME, samesite="Lax")
    return answer


def _affiliations(user: User, now: datetime) -> QuerySet[Affiliation]:
    """The dated grants that are in force: by these, and nothing else, somebody sees data."""
    in_force = Q(until__isnull=True) | Q(until__gt=now)
    return (
        Affiliation.objects.filter(
            in_force, user=user, since__lte=now, institution__in=institutions_of(user, now)
        )
        .select_related("institution", "granted_by")
        .order_by("institution__code")
    )
