"""Mail that libraries send by Django's own door (a reset password, a changed address) goes out by the outbox.

Comes in: Django's EmailMessage. Goes out: rows of the outbox.
"""

from __future__ import annotations

from collections.abc import Sequence
from uuid import uuid4

from django.apps import apps
from django.core.mail.backends.base import BaseEmailBackend
from django.core.mail.message import EmailMessage, EmailMultiAlternatives

from planbank.messages.outbox import Letter, post


class Outbox(BaseEmailBackend):
    """Django's EMAIL_BACKEND of this house."""

    def send_messages(self, email_messages: Sequence[EmailMessage]) -> int:
        """Put each out, once for each of its addresses."""
        house = getattr(apps.get_app_config("bank_messages"), "house", None)
        if house is None:
            return 0
        count = 0
        for mail in email_messages:
            html = ""
            if isinstance(mail, EmailMultiAlternatives):
                html = next((str(body) for body, kind in mail.alternatives if kind == "text/html"), "")
            letter, key = Letter(str(mail.subject), str(mail.body), html), uuid4().hex
            for to in mail.recipients():
                at = house.clock.now()
                count += post(house.settings, f"mail:{key}:{to}", to, letter, at) is not None
        return count
