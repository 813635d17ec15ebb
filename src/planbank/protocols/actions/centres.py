"""Centres that take part in a protocol: they join, change, end, come back (R37).

Comes in: an act, a protocol, an institution. Goes out: the participation. One that ended is kept, and one
that comes back gets a new row, so that every earlier day can be told.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from planbank.catalogue.lanes import lane_of
from planbank.errors import ProtocolError
from planbank.people.models import Institution
from planbank.pipeline.due import make_due
from planbank.protocols.act import Act
from planbank.protocols.models import Membership, Participation, Protocol


@transaction.atomic
def join_centre(
    act: Act,
    protocol: Protocol,
    institution: Institution,
    *,
    expected: int | None = None,
    contact: str = "",
    since: datetime | None = None,
) -> Participation:
    """A centre takes part from `since` (now) on; what of its data stands there goes on growing."""
    try:
        with transaction.atomic():
            row = Participation.objects.create(
                protocol=protocol,
                institution=institution,
                since=since or act.at,
                expected_accrual=expected,
                contact=contact.strip()[:200],
                added_by=act.user,
            )
    except IntegrityError as exc:
        raise ProtocolError(_("%(code)s takes part already.") % {"code": institution.code}) from exc
    _late_arrivals(act, row)
    _journal(act, "add centre", row)
    return row


@transaction.atomic
def change_centre(
    act: Act, row: Participation, seen: int, *, expected: int | None, contact: str
) -> Participation:
    """What is expected of it and whom to ask. Raises ChangedMeanwhile."""
    row.change(seen, expected_accrual=expected, contact=contact.strip()[:200])
    _journal(act, "change centre", row, expected=expected)
    return row


@transaction.atomic
def end_centre(act: Act, row: Participation, seen: int, reason: str) -> Participation:
    """It takes part no more: nothing is added from there, what stands stays. Raises ChangedMeanwhile."""
    if not reason.strip():
        raise ProtocolError(_("Say why."))
    if row.until is not None:
        raise ProtocolError(_("It has ended already."))
    row.change(seen, until=max(act.at, row.since))
    _journal(act, "end centre", row, reason=reason.strip()[:200])
    return row


@transaction.atomic
def resume_centre(act: Act, row: Participation, seen: int) -> Participation:
    """Undo an end. Raises ProtocolError where it takes part again already; ChangedMeanwhile."""
    try:
        with transaction.atomic():
            row.change(seen, until=None)
    except IntegrityError as exc:
        raise ProtocolError(_("%(code)s takes part already.") % {"code": row.institution.code}) from exc
    _late_arrivals(act, row)
    _journal(act, "add centre", row, again=True)
    return row


def _late_arrivals(act: Act, row: Participation) -> None:
    """What arrived while it did not take part may join now."""
    files = Membership.objects.filter(protocol=row.protocol_id, institution=row.institution_id)
    pks = files.order_by().values_list("patient_file", flat=True).distinct()
    make_due("members", [(pk, lane_of(pk)) for pk in pks], act.at)


def _journal(act: Act, action: str, row: Participation, **detail: Any) -> None:
    act.journal(
        action,
        object_kind="participation",
        object_id=row.pk,
        institution=row.institution.code,
        protocol=row.protocol.short_name,
        **detail,
    )
