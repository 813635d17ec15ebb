"""Putting messages into the outbox.

Comes in: a key, an address, words. Goes out: a row, once per key, in the transaction of its cause; a
message whose cause is rolled back was never there. What goes out is services/notify's part.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import urlsplit

from django.core.exceptions import ValidationError
from django.core.validators import EmailValidator

from planbank.config import Settings
from planbank.messages.kinds import plain
from planbank.messages.models import Channel, Message
from planbank.people.models import Institution, User

_VALID = EmailValidator()


@dataclass(frozen=True)
class Letter:
    """What a message says; `html` may be empty. `subject` is one line."""

    subject: str
    text: str
    html: str = ""
    in_reply_to: str = ""


def post(
    settings: Settings,
    key: str,
    to: str,
    letter: Letter,
    at: datetime,
    *,
    channel: str = Channel.EMAIL,
    user: User | None = None,
    institution: Institution | None = None,
) -> Message | None:
    """Put one message out; None where its key is out already, or it cannot go this way.

    An address that is none, or a way that the settings do not open, is no fault of the cause: nothing
    is put out. Safe to call twice.
    """
    if channel not in open_channels(settings) or (channel == Channel.EMAIL and not is_address(to)):
        return None
    message_id = message_id_of(settings, key)
    values = {
        "channel": channel,
        "to": to,
        "user": user,
        "institution": institution,
        "subject": plain(letter.subject, 200),
        "text": letter.text,
        "html": letter.html,
        "message_id": message_id,
        "in_reply_to": letter.in_reply_to,
        "made_at": at,
        "due_at": at,
    }
    row, made = Message.objects.get_or_create(key=key, defaults=values)
    return row if made else None


def open_channels(settings: Settings) -> tuple[str, ...]:
    """The ways this bank can send by."""
    ways = ((Channel.EMAIL, settings.mail_host), (Channel.TEXT, settings.text_url))
    return tuple(channel.value for channel, way in ways if way)


def message_id_of(settings: Settings, key: str) -> str:
    """The Message-ID of a key (RFC 5322, 3.6.4): always the same, so that a copy is known as one."""
    host = urlsplit(settings.site_url).hostname or "localhost"
    return f"<{hashlib.sha256(f'{settings.site_url} {key}'.encode()).hexdigest()[:40]}@{host}>"


def is_address(text: str) -> bool:
    """Whether it is one plain e-mail address; nothing else ever becomes a header or an envelope."""
    if not text.isascii() or len(text) > 254:
        return False
    try:
        _VALID(text)
    except ValidationError:
        return False
    return True
