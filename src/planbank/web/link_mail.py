"""Mails with a one-time link, put into the outbox.

Comes in: a user. Goes out: a message in their language; it names the user name and no patient.
"""

from __future__ import annotations

from uuid import uuid4

from django.utils import translation
from django.utils.translation import gettext as _

from planbank.house import House
from planbank.messages.outbox import Letter, post
from planbank.people.models import User
from planbank.web.one_time import RESETS, TOKENS, VALID_FOR, link_for


def mail_reset(house: House, user: User) -> bool:
    """Mail a link for a forgotten password; False where no mail can go out."""
    with translation.override(user.language or house.settings.language):
        words = [
            _("Somebody asked for a new password of your account %(username)s.")
            % {"username": user.username},
            _("Set it here, once, within an hour:"),
            house.settings.site_url + link_for(user, house.clock.now(), RESETS),
            _("If it was not you, do nothing: the password stays as it is."),
        ]
        return _post(house, user, _("A new password for planbank"), words)


def mail_invitation(house: House, user: User) -> bool:
    """Mail the link with which somebody sets their first password; False where no mail can go out."""
    with translation.override(user.language or house.settings.language):
        words = [
            _("You have an account, %(username)s, at planbank.") % {"username": user.username},
            _("Set your password here, once, within %(days)s days:") % {"days": VALID_FOR.days},
            house.settings.site_url + link_for(user, house.clock.now(), TOKENS),
            _("You did not expect this? Then do nothing, and tell whoever runs planbank at your hospital."),
        ]
        return _post(house, user, _("Your account at planbank"), words)


def _post(house: House, user: User, subject: str, words: list[str]) -> bool:
    letter = Letter(subject, "\n\n".join([user.name, *words]) + "\n")
    key = f"link:{user.pk}:{uuid4().hex}"
    # Not tied to the person's choices of notices: nobody can switch this mail off.
    return post(house.settings, key, user.email, letter, house.clock.now()) is not None
