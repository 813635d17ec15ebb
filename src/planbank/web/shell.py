"""What every page shows around its content: menu, who I am, demo tag.

Comes in: a request. Goes out: the context that templates/base.html asks for. The menu lists only
pages the policy opens.
"""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import gettext as _

from planbank import __version__
from planbank.access.policy import institutions_of, may
from planbank.access.standing import is_remembered, remember
from planbank.messages.models import Notice
from planbank.people.models import User
from planbank.pipeline.models import Mark
from planbank.web.pages import GROUPS, PAGES

THEMES = ("auto", "light", "dark")


def shell(request: HttpRequest) -> dict[str, Any]:
    """The context of base.html."""
    theme = request.COOKIES.get("theme", "auto")
    context: dict[str, Any] = {
        "version": __version__,
        "theme": theme if theme in THEMES else "auto",
        "demo": False,
        "menu": [],
        "me": None,
    }
    house = getattr(request, "house", None)
    user = getattr(request, "user", None)
    if house is None:
        return context
    context["demo"] = (house.settings.home / "demo").exists()
    if not isinstance(user, User):
        context["single_sign_on"] = house.settings.oidc_url and (house.settings.oidc_name or "OpenID Connect")
        context["mails"] = bool(house.settings.mail_host)
        context["demo_accounts"] = _demo_accounts() if context["demo"] else []
        return context
    now = house.clock.now()
    if not is_remembered(user):
        remember(user)  # a public page: the menu asks the policy once a line
    context["menu"] = _menu(request, user, now)
    unseen = Notice.objects.filter(user=user, seen_at__isnull=True)[:100].count()
    context["inbox"] = {"url": reverse("notices"), "count": unseen}
    context["may_search"] = bool(may(user, "data.view", now))
    codes = [i.code for i in institutions_of(user, now)]
    roles = [_("system administrator")] if user.is_site_admin else []
    context["me"] = {
        "name": user.name,
        "line": ", ".join([*codes, *roles]) or _("no institution"),
        "initials": "".join(part[0] for part in user.name.split()[:2]).upper() or "?",
    }
    return context


def _menu(request: HttpRequest, user: User, now: Any) -> list[dict[str, Any]]:
    titles = {"data": _("Data"), "research": _("Research"), "running": _("Running it")}
    groups: list[dict[str, Any]] = []
    for group in GROUPS:
        pages = [p for p in PAGES if p.menu and p.menu.group == group and may(user, p.action, now)]
        items = []
        for p in sorted(pages, key=lambda p: p.menu.order if p.menu else 0):
            assert p.menu is not None
            url = reverse(p.name)
            count = p.menu.count(request) if p.menu.count else None
            items.append(
                {
                    "title": p.menu.title,
                    "url": url,
                    "icon": p.menu.icon,
                    "count": count[0] if count else None,
                    "needs_you": bool(count and count[1]),
                    "current": request.path == url or (url != "/" and request.path.startswith(url)),
                }
            )
        if items:
            groups.append({"title": titles[group], "items": items})
    return groups


def _demo_accounts() -> list[dict[str, str]]:
    mark = Mark.objects.filter(name="demo").first()
    return mark.detail.get("accounts", []) if mark else []
