"""`planbank link USERNAME`: a one-time link with which a person sets their own password."""

from __future__ import annotations

from planbank.errors import SettingsError
from planbank.house import House
from planbank.transit.keys import KeyFolder


def one_time_link(house: House, username: str, *, without_second_factors: bool = False) -> str:
    """The full address.

    Raises SettingsError where there is no such active user, KeyMissing where no link can be signed.

    `without_second_factors`: for somebody who lost telephone and codes; their app, passkeys and
    recovery codes and password are forgotten and their sessions ended, all together or not at all.
    """
    from django.db import transaction

    from planbank.journal.record import Actor, record
    from planbank.people.models import User
    from planbank.web import sessions
    from planbank.web.one_time import link_for
    from planbank.web.second_factor import forget

    KeyFolder(house.keys).site_secret()  # without it the link would be signed with what nobody knows
    user = User.objects.filter(username=username, is_active=True).first()
    if user is None:
        raise SettingsError(f"There is no active user '{username}'.")
    actor, what = Actor("command", "link"), {"object_kind": "user", "object_id": username}
    with transaction.atomic():
        if without_second_factors:
            gone = forget(user)
            sessions.end(user)
            # The old password alone must not open what needed two things until now.
            user.set_unusable_password()
            user.save(update_fields=["password"])
            record(actor, "remove second factor", house.clock.now(), **what, factors=gone)
        record(actor, "make one-time link", house.clock.now(), **what)
    return house.settings.site_url + link_for(user, house.clock.now())
