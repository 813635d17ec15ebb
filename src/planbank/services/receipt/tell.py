"""Who is told of a receipt, and when it is worth a mail.

Comes in: a receipt as it was just written. Goes out: an event for the people of the institution, and a
mail to the contacts of the sender where something to mend, to look at, or passed on is new. What was
told is not told again; a later mail answers the first, so that mail programs show them as one thread.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from django.template.loader import render_to_string
from django.utils import translation
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from planbank.catalogue.models import Receipt
from planbank.house import House
from planbank.messages.models import Event, EventKind, Message
from planbank.messages.outbox import Letter, post
from planbank.people.models import User
from planbank.protocols.models import Enrolment
from planbank.services.notify.times import zone_of
from planbank.services.receipt.contacts import contacts
from planbank.services.receipt.lines import Line
from planbank.services.receipt.words import count, headline, protocols, rows_of, word

# What came longer ago is no news: a new service that looks at an old bank mails nobody.
NEWS = timedelta(days=3)


def tell(house: House, receipt: Receipt, lines: Sequence[Line]) -> None:
    """Write event and mails, in the transaction of the receipt."""
    now = house.clock.now()
    keys = sorted({line.key for line in lines if line.needs_somebody or line.tell})
    new = set(keys) - set(receipt.told)
    first = receipt.final_at == now and receipt.round == 0
    if not new and not first:
        if keys != receipt.told and receipt.final_at is not None:
            # What is mended may be told again, should it come back.
            receipt.told = keys
            receipt.save(update_fields=["told"])
        return
    receipt.told = keys
    passed_on = any(line.tell and line.key in new for line in lines)
    if now - receipt.received_at > NEWS and not passed_on:
        receipt.save(update_fields=["told"])
        return
    receipt.round += 1
    receipt.save(update_fields=["told", "round"])
    if new:
        for address in contacts(receipt.sender, receipt.institution_id):
            _mail(house, receipt, address, now)
    # What was passed on is told by an event of its own, where it ends.
    if first or any(line.needs_somebody and line.key in new for line in lines):
        _event(receipt, now)


def mail_key(receipt: int, round_: int, address: str) -> str:
    """The key of a receipt's mail in the outbox."""
    return f"receipt:{receipt}:{round_}:{address.lower()}"[:200]


def _mail(house: House, receipt: Receipt, address: str, now: datetime) -> None:
    user = User.objects.filter(email__iexact=address, is_active=True).first()
    with translation.override((user and user.language) or house.settings.language):
        letter = letter_of(house, receipt)
    earlier = next(
        (
            mail.message_id
            for turn in range(1, receipt.round)
            if (mail := Message.objects.filter(key=mail_key(receipt.pk, turn, address)).first())
        ),
        "",
    )
    key = mail_key(receipt.pk, receipt.round, address)
    subject = f"Re: {letter.subject}" if earlier else letter.subject
    threaded = Letter(subject, letter.text, letter.html, earlier)
    post(house.settings, key, address, threaded, now, user=user, institution=receipt.institution)


def letter_of(house: House, receipt: Receipt) -> Letter:
    """A receipt as a mail, in the language that is active; it names no patient."""
    zone = zone_of(receipt.institution.time_zone, house.settings.time_zone)
    rows = rows_of(receipt, veiled=True)
    names, at = protocols(receipt), receipt.received_at.astimezone(zone)
    when = date_format(at, "j M H:i")
    subject = _("[%(state)s] Receipt %(when)s: 1 plan set%(protocols)s") % {
        "state": word(receipt.state),
        "when": when,
        "protocols": "".join(f", {name}" for name in names[:3]),
    }
    context = {
        "title": headline(receipt),
        "receipt": receipt,
        "sender": receipt.calling_ae,
        "when": date_format(at, "j F Y, H:i"),
        "institution": receipt.institution.name,
        "rows": [row for row in rows if row.state in ("bad", "warn")],
        "fine": [row for row in rows if row.state == "ok"],
        "pseudonyms": _pseudonyms(receipt),
        "link": f"{house.settings.site_url}/receipts/{receipt.pk}/",
    }
    return Letter(
        subject,
        render_to_string("notify/receipt.txt", context),
        render_to_string("notify/receipt.html", context),
    )


def _pseudonyms(receipt: Receipt) -> list[str]:
    rows = Enrolment.objects.filter(
        patient=receipt.patient_file.patient_id, protocol__short_name__in=protocols(receipt)
    )
    found = rows.exclude(pseudonym="").order_by("protocol__short_name")
    return [
        f"{name}: {pseudonym}" for name, pseudonym in found.values_list("protocol__short_name", "pseudonym")
    ]


def _event(receipt: Receipt, now: datetime) -> None:
    bad, warn = count(receipt.lines, "bad"), count(receipt.lines, "warn")
    params = {
        "receipt": receipt.pk,
        "round": receipt.round,
        "number": receipt.number,
        "sender": receipt.calling_ae,
        "bad": bad,
        "warn": warn,
    }
    kind = EventKind.NEEDS_YOU if bad or warn else EventKind.RECEIVED
    event = Event(
        at=now,
        kind=kind,
        institution=receipt.institution,
        params=params,
        key=f"receipt:{receipt.pk}:{receipt.round}",
    )
    Event.objects.bulk_create([event], ignore_conflicts=True)
