"""What can be heard of: for each kind of event whom it concerns, what it says, how soon by default.

Comes in: an event. Goes out: one sentence in the reader's language and where to look. A new kind is a
line in models.EventKind and one here; a test holds both to each other. Nothing here names a patient.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from planbank.messages.models import Channel, EventKind, How

Text = str | Promise
# Who hears of it: those who work for the institution; those who run it all; key users of the
# protocol; those who may approve reuse; the one person it is about.
Audience = Literal["institution", "admins", "key-users", "controllers", "person"]
_NOT_PLAIN = re.compile(r"[\x00-\x1f\x7f\u2028\u2029]+")


@dataclass(frozen=True)
class Kind:
    """`says` may hold {name} for what the event's params say; `link` a path of the site, likewise."""

    audiences: tuple[Audience, ...]
    says: Text
    email: How
    link: str = ""
    bad: bool = False
    # How soon one may want it; a digest is weekly or not at all.
    hows: tuple[How, ...] = tuple(How)

    def default(self, channel: str) -> str:
        """How soon a person hears of it who chose nothing; text messages are only for who asks."""
        return (self.email if channel == Channel.EMAIL else How.NEVER).value


_K = EventKind
KINDS: dict[str, Kind] = {
    _K.REFUSED: Kind(
        ("institution",),
        _("The gate refused an object from {calling_ae}: {reason}"),
        How.DAILY,
        "/arrivals/",
        bad=True,
    ),
    _K.UNKNOWN_SENDER: Kind(
        ("admins",),
        _("A system that nobody registered sent data: {calling_ae} from {address}. They wait, sealed."),
        How.NOW,
        "/quarantine/",
    ),
    _K.OTHER_ADDRESS: Kind(
        ("admins", "institution"),
        _("{calling_ae} called from an address that is not its own: {address}. Its data wait, sealed."),
        How.NOW,
        "/quarantine/",
        bad=True,
    ),
    _K.OTHER_CERTIFICATE: Kind(
        ("admins", "institution"),
        _("{calling_ae} called from {address} without its certificate. Its data wait, sealed."),
        How.NOW,
        "/quarantine/",
        bad=True,
    ),
    _K.QUARANTINED: Kind(
        ("institution", "admins"),
        _("An object from {calling_ae} could not be read and was set aside. Nothing is lost."),
        How.DAILY,
        "/quarantine/",
    ),
    _K.NEW_VERSION: Kind(
        ("institution",), _("An object came again with other content."), How.WEEKLY, "/arrivals/"
    ),
    _K.TRIGGERED: Kind(
        ("institution",), _("Data were filed in {protocol} by its trigger {trigger}."), How.WEEKLY, "/plans/"
    ),
    _K.DAMAGED: Kind(
        ("admins",),
        _("A stored object is missing or was changed. Run planbank check."),
        How.NOW,
        "/services/",
        bad=True,
    ),
    _K.NOT_REPORTED: Kind(
        ("admins", "institution"),
        _("A storage commitment could not be reported to its sender."),
        How.DAILY,
        "/senders/",
    ),
    _K.RECEIVED: Kind(
        ("institution",),
        _("Receipt {number}: {sender} sent a plan set; all is well."),
        How.WEEKLY,
        "/receipts/{receipt}/",
    ),
    _K.NEEDS_YOU: Kind(
        ("institution",),
        _("Receipt {number}: {sender} sent a plan set; {bad} to fix, {warn} to look at."),
        How.DAILY,
        "/receipts/{receipt}/",
    ),
    _K.TRIGGER_FAILED: Kind(
        ("key-users",),
        _("{institution} sent data that asked to be filed in {protocol} and were not: {reason}"),
        How.DAILY,
        "/protocols/{protocol_id}/triggers/",
    ),
    _K.FORWARDED: Kind(
        ("institution",),
        _("{destination} has {delivered} of {objects} objects, passed on under {protocol}."),
        How.WEEKLY,
        "/forwarding/{forward}/",
    ),
    _K.FORWARD_FAILED: Kind(
        ("institution", "key-users", "admins"),
        _("Data could not be passed on to {destination} for {protocol}. Nothing is lost: see Forwarding."),
        How.NOW,
        "/forwarding/{forward}/",
        bad=True,
    ),
    _K.AGEING: Kind(
        ("institution",),
        _("{objects} objects of {patients} patients in no protocol are deleted from {day} on."),
        How.NOW,
        "/unassigned/",
    ),
    _K.LAPSING: Kind(
        ("person", "key-users"),
        _("The permission of {who} ({role}, {where}) ends on {day}."),
        How.NOW,
    ),
    _K.LAPSED: Kind(
        ("person", "key-users"), _("The permission of {who} ({role}, {where}) ended on {day}."), How.NOW
    ),
    _K.AGREEMENT: Kind(
        ("key-users", "controllers"),
        _("The agreement '{title}' of {protocol} ends on {day}. Renew it, or close the protocol."),
        How.NOW,
        "/protocols/{protocol_id}/agreements/",
        bad=True,
    ),
    _K.LAST_KEY_USER: Kind(
        ("admins",),
        _("{protocol} has no key user, or will have none soon: give somebody the permission in time."),
        How.NOW,
        "/protocols/{protocol_id}/",
        bad=True,
    ),
    _K.REUSE: Kind(
        ("controllers",),
        _("{project} asks to use data of {protocol}."),
        How.NOW,
        "/reuse/{request}/",
    ),
    _K.EXPORT_ASKED: Kind(
        ("key-users",), _("Somebody asks to take files out of {name}."), How.NOW, "/exports/{export}/"
    ),
    _K.EXPORT_READY: Kind(
        ("person",),
        _("Your files of {name} are ready: {count} objects, until {day}."),
        How.NOW,
        "/exports/{export}/",
    ),
    _K.EXPORT_SENT: Kind(
        ("person",),
        _("Your files of {name} were sent to {destination}: {count} of {of} objects."),
        How.NOW,
        "/exports/{export}/",
    ),
    _K.AUDIT_RETURNED: Kind(
        ("key-users",),
        _("Something came back to the audit study {name}."),
        How.DAILY,
        "/protocols/{protocol}/audits/{study}/",
    ),
    _K.AUDIT_OVERDUE: Kind(
        ("key-users",),
        _("The last day of the audit study {name} is over: {count} copies are not back."),
        How.NOW,
        "/protocols/{protocol}/audits/{study}/",
    ),
    _K.AUDIT_TO_DECIDE: Kind(
        ("key-users",),
        _("A return to the audit study {name} waits for your decision."),
        How.NOW,
        "/protocols/{protocol}/audits/{study}/",
    ),
    _K.CERTIFICATE: Kind(("admins",), _("The certificate of {name} ends on {day}."), How.NOW, "/senders/"),
    # Never written as an event: a mail of its own (services/notify/centre.py).
    _K.CENTRE_WEEK: Kind(
        ("institution",),
        _("The week of {institution}."),
        How.NEVER,
        "/receipts/",
        hows=(How.WEEKLY, How.NEVER),
    ),
    _K.MAIL_AWAY: Kind(
        ("admins",),
        _("Mail has not gone out since {since}: {problem}. {count} messages wait and are not lost."),
        How.NOW,
        "/services/mail/",
        bad=True,
    ),
}


def sentence(kind: str, params: Mapping[str, Any]) -> str:
    """What happened, in the language that is active; values are one plain line each."""
    return fill(str(KINDS[kind].says), params)


def link(kind: str, params: Mapping[str, Any]) -> str:
    """The path to look at, or '' where a number of it is not known."""
    path = KINDS[kind].link
    wanted = re.findall(r"\{(\w+)\}", path)
    if not all(isinstance(params.get(name), int) for name in wanted):
        return ""
    return fill(path, params)


def fill(text: str, params: Mapping[str, Any]) -> str:
    """Replace {name} by its value; plain replacement, since a value may hold braces itself."""
    return re.sub(r"\{(\w+)\}", lambda match: plain(params.get(match[1], "?")), text)


def plain(value: object, most: int = 120) -> str:
    """A value from outside as one line without control characters."""
    return _NOT_PLAIN.sub(" ", str(value)).strip()[:most]
