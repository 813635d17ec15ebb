"""The loop of commit: requests judged in order, answers signed and left for the gate.

Comes in: requests that register noted. Goes out: for each a verdict with its journal entry, in
one transaction; then the signed answer in the transit area, put once. Killed anywhere, it runs
again with the same end: a verdict stands once it is committed, an answer once it is published.
"""

from __future__ import annotations

import ipaddress
import threading

import structlog
from django.db import InterfaceError, OperationalError, close_old_connections, connection, transaction

from planbank.catalogue.models import Commitment
from planbank.house import House
from planbank.journal.record import Actor, record
from planbank.messages.models import Event, EventKind
from planbank.services.commit.judge import Verdict, judge
from planbank.transit.answers import Answer

log = structlog.get_logger(__name__)
IDLE = 0.25  # seconds between two looks
_LOCK = 0x706C616E_636D74  # advisory lock: one commit at a time; another takes over when it ends
State = Commitment.State


def commit_forever(house: House, stop: threading.Event) -> None:
    """Answer until `stop`; survives the database, the archive and the transit area going away."""
    try:
        while not stop.is_set():
            try:
                close_old_connections()
                if _lead() and commit_once(house, stop):
                    continue
            except (OperationalError, InterfaceError) as exc:
                log.warning("database away, commitments wait", kind=type(exc).__name__)
                connection.close()
                stop.wait(1)
            except OSError as exc:
                log.error("the transit area fails, commitments wait", errno=exc.errno)
                stop.wait(1)
            stop.wait(IDLE)
    finally:
        connection.close()


def _lead() -> bool:
    """Hold the session's advisory lock; the database frees it when this process dies."""
    if getattr(connection, "_planbank_commits", None) == id(connection.connection) and connection.connection:
        return True
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_lock(%s)", [_LOCK])
        leads = bool(cursor.fetchone()[0])
    connection._planbank_commits = id(connection.connection) if leads else None
    return leads


def commit_once(house: House, stop: threading.Event | None = None) -> int:
    """Take each open request one step further; returns how many went."""
    steps = 0
    for row in Commitment.objects.filter(state__in=[State.ASKED, State.JUDGED]).order_by("pk"):
        if stop is not None and stop.is_set():
            break
        if row.state == State.ASKED and not _judge(house, row, stop):
            continue
        steps += _answer(house, row.pk)
    return steps


def _judge(house: House, row: Commitment, stop: threading.Event | None) -> bool:
    """Whether there is a verdict now; not before register has dealt with all that came earlier."""
    first = house.tray.waiting(1)
    if first and first[0] <= row.upto:
        return False
    references = [(str(c), str(i)) for c, i in row.references]
    verdict = judge(house.store, row.institution_id, references, stop.is_set if stop else lambda: False)
    if verdict is None:
        return False
    _keep(house, row, verdict)
    return True


@transaction.atomic
def _keep(house: House, row: Commitment, verdict: Verdict) -> None:
    now = house.clock.now()
    changed = Commitment.objects.filter(pk=row.pk, state=State.ASKED).update(
        state=State.JUDGED,
        failed=[list(one) for one in verdict.failed],
        safe_count=len(verdict.safe),
        failed_count=len(verdict.failed),
        judged_at=now,
    )
    if not changed:
        return
    record(
        Actor("service", "commit"),
        "judge storage commitment",
        now,
        object_kind="commitment",
        object_id=row.parcel_id,
        institution=row.institution.code if row.institution else "",
        outcome="failed" if verdict.failed else "done",
        safe=len(verdict.safe),
        failed=len(verdict.failed),
        damaged=verdict.damaged,
    )
    if verdict.damaged:
        # Of the bank's archive, so the administrator is told as well as the institution.
        params = {"calling_ae": row.calling_ae, "address": row.address, "objects": verdict.damaged}
        event = Event(
            at=now,
            kind=EventKind.DAMAGED,
            institution=row.institution,
            parcel_id=row.parcel_id,
            params=params,
        )
        Event.objects.bulk_create([event], ignore_conflicts=True)


@transaction.atomic
def _answer(house: House, pk: int) -> int:
    """Publish a verdict; the row is locked, so that register cannot note its end in between."""
    row = Commitment.objects.select_for_update(of=("self",)).filter(pk=pk, state=State.JUDGED).first()
    if row is None:
        return 0
    house.tray.answers.publish(_signed_part(row, *_node(row)))
    row.state = State.ANSWERED
    row.save(update_fields=["state"])
    return 1


def _signed_part(row: Commitment, host: str, port: int) -> Answer:
    failed = tuple((str(c), str(i), int(reason)) for c, i, reason in row.failed)
    unsafe = {(c, i) for c, i, _reason in failed}
    assert row.judged_at is not None
    return Answer(
        request_id=row.parcel_id,
        association_id=row.association_id,
        calling_ae=row.calling_ae,
        called_ae=row.called_ae,
        transaction_uid=row.transaction_uid,
        answered_at=row.judged_at.isoformat(timespec="microseconds"),
        safe=tuple((str(c), str(i)) for c, i in row.references if (c, i) not in unsafe),
        failed=failed,
        host=host,
        port=port,
        secured=row.secured,
    )


def _node(row: Commitment) -> tuple[str, int]:
    """Where the sender listens, if that lies inside its own network: nothing else is ever called."""
    sender = row.sender
    if sender is None or not sender.is_active or not sender.echo_host or not sender.echo_port:
        return "", 0
    try:
        inside = ipaddress.ip_address(sender.echo_host) in ipaddress.ip_network(sender.network, strict=False)
    except ValueError:
        inside = False
    return (str(sender.echo_host), int(sender.echo_port)) if inside else ("", 0)
