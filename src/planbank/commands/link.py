"""`planbank link USERNAME`: a one-time link with which a person sets their own password."""

from __future__ import annotations

from planbank.errors import SettingsError
from planbank.house import House


def one_time_link(house: House, username: str) -> str:
    """The full address. Raises SettingsError where there is no such active user."""
    from planbank.journal.record import Actor, record
    from planbank.people.models import User
    from planbank.web.one_time import link_for

    user = User.objects.filter(username=username, is_active=True).first()
    if user is None:
        raise SettingsError(f"There is no active user '{username}'.")
    record(
        Actor("command", "link"),
        "make one-time link",
        house.clock.now(),
        object_kind="user",
        object_id=username,
    )
    return house.settings.site_url + link_for(user, house.clock.now())
