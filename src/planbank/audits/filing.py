"""Filing a return under case x observer, by itself or by a person (R108).

Comes in: a return that is of a copy. Goes out: the return filed, earlier ones of the same kind superseded,
the copy returned; or the return refused. Raises ProtocolError where it may not be.
"""

from __future__ import annotations

from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _

from planbank.audits.acting import journal
from planbank.audits.comparing import COMPARED, compare_again
from planbank.audits.models import Copy, Observer, Return
from planbank.errors import ProtocolError
from planbank.messages.models import Event, EventKind
from planbank.protocols.act import Act

S, C = Return.State, Copy.State


def file_away(act: Act, row: Return) -> None:
    """File it: its copy and observer are set. Of two, the one that came last counts."""
    assert row.copy is not None
    row.case, row.state = row.copy.case, S.FILED
    row.save()
    same = Return.objects.filter(case=row.case, observer=row.observer, kind=row.kind, state=S.FILED)
    latest = same.order_by("-received_at", "-pk").first()
    assert latest is not None
    older = same.exclude(pk=latest.pk)
    if older.update(superseded_by=latest):
        said = [one for one in latest.problems if one["code"] != "second-version"]
        Return.objects.filter(pk=latest.pk).update(
            superseded_by=None, problems=[*said, {"code": "second-version"}]
        )
    _reached(row.copy, row, act.at)
    row.refresh_from_db()
    if row.kind in COMPARED and row.case_id is not None:
        compare_again([row.case_id], act.at)
    journal(act, "file audit return", row.study, copy=row.copy.number, kind=row.kind)


@transaction.atomic
def file_by_hand(act: Act, row: Return, copy: Copy, observer: Observer, why: str) -> None:
    """A person says what it is of."""
    row = _open(row)
    if copy.study_id != row.study_id or observer.study_id != row.study_id:
        raise ProtocolError(_("That copy is of another study."))
    if copy.observer_id not in (None, observer.pk) and row.copy_id != copy.pk:
        raise ProtocolError(_("That copy is another observer's."))
    row.copy, row.observer, row.recognised_by = copy, observer, Return.By.PERSON
    row.decided_at, row.decided_by, row.decision = act.at, act.user, why[:300]
    file_away(act, row)


@transaction.atomic
def refuse(act: Act, row: Return, why: str) -> None:
    """It counts for nothing; the object is kept as it came."""
    row = _open(row)
    row.state, row.decided_at, row.decided_by, row.decision = S.REFUSED, act.at, act.user, why[:300]
    row.save()
    journal(act, "refuse audit return", row.study, kind=row.kind)


@transaction.atomic
def undo(act: Act, row: Return) -> None:
    """Take a person's decision back: it waits again, and what it replaced counts again."""
    row = Return.objects.select_for_update(of=("self",)).get(pk=row.pk)
    if row.decided_at is None:
        raise ProtocolError(_("Nobody decided about it."))
    copy, case, observer = row.copy, row.case, row.observer
    row.state, row.case, row.decided_at, row.decided_by, row.decision = S.TO_DECIDE, None, None, None, ""
    row.superseded_by = None
    row.save()
    if case is not None:
        compare_again([case.pk], act.at)
        left = Return.objects.filter(case=case, observer=observer, kind=row.kind, state=S.FILED)
        last = left.order_by("-received_at", "-pk").first()
        if last is not None:
            left.filter(pk=last.pk).update(superseded_by=None)
        elif copy is not None:
            Copy.objects.filter(pk=copy.pk, state=Copy.State.RETURNED).update(
                state=Copy.State.OPENED, returned_at=None
            )
    journal(act, "take back decision about audit return", row.study, kind=row.kind)


def tell(row: Return, at: datetime) -> None:
    """Key users hear of what came back, once a day for each study and kind of news."""
    asks = row.state == S.TO_DECIDE
    kind = EventKind.AUDIT_TO_DECIDE if asks else EventKind.AUDIT_RETURNED
    Event.objects.get_or_create(
        key=f"{kind}:{row.study_id}:{at.date()}:{row.pk if asks else ''}",
        defaults={
            "at": at,
            "kind": kind,
            "scope_kind": "protocol",
            "scope_id": row.study.protocol_id,
            "params": {
                "name": row.study.name,
                "study": row.study_id,
                "protocol": row.study.protocol_id,
            },
        },
    )


def _reached(copy: Copy, row: Return, at: datetime) -> None:
    """An image of the copy that comes back says that it was opened; the rest that it is returned."""
    opened = {"opened_at": copy.opened_at or at, "accepted_at": copy.accepted_at or at}
    if row.kind in (Return.Kind.IMAGE, Return.Kind.OTHER):
        Copy.objects.filter(pk=copy.pk).exclude(state__in=[C.RETURNED, C.WITHDRAWN]).update(
            state=C.OPENED, **opened
        )
    else:
        Copy.objects.filter(pk=copy.pk).update(state=C.RETURNED, returned_at=row.received_at, **opened)


def _open(row: Return) -> Return:
    found = Return.objects.select_for_update(of=("self",)).select_related("study__protocol").get(pk=row.pk)
    if found.state != S.TO_DECIDE:
        raise ProtocolError(_("Somebody decided about it meanwhile."))
    return found
