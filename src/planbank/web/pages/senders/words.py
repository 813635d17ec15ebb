"""What came of an echo, and when a sender was last seen, in words."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.utils.translation import gettext as _

if TYPE_CHECKING:
    from planbank.people.models import Sender
    from planbank.web.pages.senders.activity import Activity


def answer_in_words(answer: str, sender: Sender, ours: str) -> tuple[str, str]:
    """(state, sentence) of what an echo came to."""
    said = {"sender": sender.ae_title, "where": f"{sender.echo_host}:{sender.echo_port}", "ours": ours}
    words = {
        "connected": _("%(sender)s answered: it is there and knows us."),
        "refused": _(
            "%(where)s refused the connection: the machine is there, but nothing listens at this port."
        ),
        "no-answer": _("%(where)s did not answer within 5 s: it is off, or a firewall is in between."),
        "unreachable": _("%(where)s cannot be reached from here: there is no way to this address."),
        "called-unknown": _("%(where)s is a DICOM system, but it is not called %(sender)s."),
        "calling-unknown": _("%(sender)s is there, but does not know us: register %(ours)s in it."),
        "rejected": _("%(sender)s is there, but rejected the association. Ask who runs it why."),
        "not-dicom": _("Something listens at %(where)s, but it did not answer as a DICOM system does."),
        "outside": _("Nothing was called: write down its own address and port first, inside its network."),
    }
    return "ok" if answer == "connected" else "warn", words[answer] % said


def seen_in_words(did: Activity) -> str:
    """For senders that were not seen lately; empty where `last_seen` says it."""
    if did.last_seen is not None:
        return ""
    return _("over 30 days ago") if did.ever else _("never")
