"""The tables of this room: events, what each person wants to hear of, notices, the outbox."""

from planbank.messages.models.choice import Channel, Choice, How, SenderNotices, Telephone
from planbank.messages.models.event import Event, EventKind
from planbank.messages.models.notice import Notice, Telling
from planbank.messages.models.outbox import Message

__all__ = [
    "Channel",
    "Choice",
    "Event",
    "EventKind",
    "How",
    "Message",
    "Notice",
    "SenderNotices",
    "Telephone",
    "Telling",
]
