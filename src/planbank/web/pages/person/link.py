"""A one-time link that was just made, for the page that shows it once.

Comes in: whose and when. Goes out: its full address, once; the session holds no link, only the time it
was made, from which who may see the page has it computed again.
"""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from planbank.web.one_time import link_for
from planbank.web.pages import house_of

if TYPE_CHECKING:
    from django.http import HttpRequest

    from planbank.people.models import User

KEY = "one_time_link"


def keep(request: HttpRequest, user: User, at: datetime) -> None:
    """Have the next page of `user` show the link made at `at`."""
    request.session[KEY] = {"user": user.pk, "at": at.isoformat()}


def take(request: HttpRequest, user: User) -> str:
    """The link to show, or ''; asked again it is gone."""
    kept = request.session.get(KEY)
    if not kept or kept["user"] != user.pk:
        return ""
    del request.session[KEY]
    address: str = house_of(request).settings.site_url + link_for(user, datetime.fromisoformat(kept["at"]))
    return address
