"""The loop of register.

Comes in: the transit area. Goes out: everything in it filed or set aside. The order is the
durability contract of security.md: bytes into the archive and synced, then rows and journal in
one transaction, then the parcel is deleted. Killed anywhere, it runs again with the same end.
"""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from datetime import datetime
from functools import partial

import structlog
from django.db import InterfaceError, OperationalError, close_old_connections, connection, transaction

from planbank.archive.arrivals import ArrivalRecord, arrival_records
from planbank.catalogue.models import QuarantinedParcel
from planbank.errors import ParcelMissing, StoreError
from planbank.house import House
from planbank.journal.record import Actor, record
from planbank.messages.models import Event
from planbank.pipeline.due import make_due
from planbank.services.analyse import lane_of
from planbank.services.collect import collect
from planbank.services.collect.came import Came
from planbank.services.commit.intake import ask, end
from planbank.services.register import file as filing
from planbank.services.register.again import Again, let_in_again
from planbank.services.register.findings import find
from planbank.services.register.relate import Filed, relate
from planbank.services.register.set_aside import set_aside
from planbank.services.register.take import TAKERS, Batch, Other, Taken
from planbank.services.register.unpack import Arrival, Erased, Letter, Notice, Refusal

log = structlog.get_logger(__name__)
BATCH = 200
LOOK = 20 * BATCH  # parcels named by one look into the tray, which may hold a hundred thousand
IDLE = 0.2  # seconds between two looks at an empty tray
_LOCK = 0x706C616E_726567  # advisory lock: one register at a time; another takes over when it ends
ACTOR = Actor("service", "register")


def register_forever(
    house: House, stop: threading.Event, between: Callable[[House], object] = lambda _house: None
) -> None:
    """Register until `stop`; survives the database going away and a full disk.

    One process holds the lock. `between` is called when no batch is under way: what removes bytes
    must not run beside a batch that counts on them. Raises StoreError where the archive trusts
    itself no more.
    """
    again = Again()
    try:
        while not stop.is_set():
            _register_what_waits(house, stop, again, between)
    finally:
        connection.close()


def _register_what_waits(
    house: House, stop: threading.Event, again: Again, between: Callable[[House], object]
) -> None:
    try:
        close_old_connections()
        if lead():
            if again.due():
                let_in_again(house)
            between(house)
            if register(house, house.tray.waiting(LOOK), stop):
                return
    except (OperationalError, InterfaceError) as exc:
        log.warning("database away, parcels wait", kind=type(exc).__name__)
        connection.close()
        stop.wait(1)
    except (OSError, StoreError) as exc:
        log.error("archive or transit area fails, parcels wait", kind=type(exc).__name__)
        house.store.settle()  # raises where a sync failed: only a fresh process may go on
        stop.wait(2)
    stop.wait(IDLE)


def lead() -> bool:
    """Hold the session's advisory lock; the database frees it when this process dies."""
    if getattr(connection, "_planbank_leads", None) == id(connection.connection) and connection.connection:
        return True
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_lock(%s)", [_LOCK])
        leads = bool(cursor.fetchone()[0])
    connection._planbank_leads = id(connection.connection) if leads else None
    return leads


def register_once(house: House, limit: int = BATCH) -> int:
    """Register up to `limit` parcels; returns how many were dealt with."""
    return register(house, house.tray.waiting(limit))


def register(house: House, ids: Sequence[str], stop: threading.Event | None = None) -> int:
    """Register parcels in batches; returns how many were dealt with, fewer once `stop` is set.

    While a batch is filed, the next one is taken in.
    """
    batches = [ids[start : start + BATCH] for start in range(0, len(ids), BATCH)]
    pool = ThreadPoolExecutor(TAKERS, "take")
    done = 0
    try:
        ahead = Batch(house, pool, batches[0]) if batches else None
        for following in [*batches[1:], None]:
            if ahead is None:
                break
            taken = ahead.taken()
            stopped = stop is not None and stop.is_set()
            ahead = None if stopped or following is None else Batch(house, pool, following)
            _file_away(house, taken)
            done += len(taken.ids)
    finally:
        pool.shutdown(cancel_futures=True)
    return done


def _file_away(house: House, taken: Taken) -> None:
    """Names synced, rows and journal committed, then the parcels deleted or set aside."""
    if taken.arrivals:
        house.store.settle()
        house.store.put(*arrival_records([_record(arrival) for arrival in taken.arrivals]))
    refused = _commit_what_can_be(house, taken.arrivals, taken.others)
    aside = {other.parcel_id for other in [*taken.others, *refused] if isinstance(other, Refusal)}
    for parcel_id in sorted(aside):
        with suppress(ParcelMissing):  # a person deleted it in this moment
            house.tray.quarantine(parcel_id)
    for parcel_id in taken.ids:
        if parcel_id not in aside:
            house.tray.delete(parcel_id)


def _record(arrival: Arrival) -> ArrivalRecord:
    header, institution = arrival.header, arrival.decision.institution
    return ArrivalRecord(
        parcel_id=header.parcel_id,
        content_hash=arrival.trailer.content_hash,
        sop_instance_uid=arrival.identity.sop_instance_uid,
        institution=institution.code if institution else "",
        calling_ae=header.calling_ae,
        called_ae=header.called_ae,
        address=header.address,
        received_at=header.received_at,
        association_id=header.association_id,
    )


def _commit_what_can_be(house: House, arrivals: list[Arrival], others: list[Other]) -> list[Refusal]:
    """Commit the batch; where one object stops it, all the others are filed and that one set aside."""
    try:
        _commit(house, arrivals, others)
        return []
    except (OperationalError, InterfaceError):
        raise
    except Exception:
        log.exception("a batch could not be filed", objects=len(arrivals))
    refused: list[Refusal] = []
    for arrival in arrivals:
        try:
            _commit(house, [arrival], [])
        except (OperationalError, InterfaceError):
            raise
        except Exception as exc:
            log.exception("an object could not be filed", parcel=arrival.header.parcel_id)
            detail = f"It could not be filed ({type(exc).__name__})."
            refused.append(
                Refusal(
                    arrival.header.parcel_id,
                    "unexpected",
                    detail,
                    arrival.header,
                    arrival.decision,
                    arrival.trailer.size,
                )
            )
    _commit(house, [], [*others, *refused])
    return refused


@transaction.atomic
def _commit(house: House, arrivals: list[Arrival], others: list[Other]) -> None:
    now = house.clock.now()
    if arrivals:
        _file(house, arrivals)
    for other in others:
        if isinstance(other, Refusal):
            set_aside(house, other)
        elif isinstance(other, Letter):
            _letter(house, other)
        elif isinstance(other, Erased):
            _gone_with(other, now)
        else:
            _notice(other, now)
    QuarantinedParcel.objects.filter(
        parcel_id__in=[a.header.parcel_id for a in arrivals], state=QuarantinedParcel.State.RELEASED
    ).update(state=QuarantinedParcel.State.DONE)


def _came(arrival: Arrival) -> Came:
    header, trailer, decision = arrival.header, arrival.trailer, arrival.decision
    return Came(
        header.parcel_id,
        trailer.content_hash,
        trailer.size,
        header.transfer_syntax_uid,
        arrival.identity,
        decision.institution,
        decision.sender,
        arrival.received_at,
    )


def _file(house: House, arrivals: list[Arrival]) -> None:
    _journal(house, file_arrivals(house, arrivals))


def file_arrivals(house: House, arrivals: list[Arrival]) -> list[Filed]:
    """File arrivals whose bytes are in the archive, make due what follows; in the caller's transaction.

    What belongs to a copy of an audit study is a return, and goes no further (R108).
    """
    returned = collect(house, [_came(arrival) for arrival in arrivals])
    arrivals = [one for one in arrivals if one.header.parcel_id not in returned]
    if not arrivals:
        return []
    now = house.clock.now()
    keys = [filing.identity_of(a) for a in arrivals]
    whose = filing.patients_of(arrivals, keys, now)
    by_patient = filing.patient_files(arrivals, whose)
    files = [
        by_patient[a.decision.institution.pk, patient]  # type: ignore[union-attr]
        for a, patient in zip(arrivals, whose, strict=True)
    ]
    by_uid = filing.studies(arrivals, files)
    studies = [by_uid[f.pk, a.identity.study_instance_uid[:64]] for a, f in zip(arrivals, files, strict=True)]
    by_series = filing.series(arrivals, studies)
    in_series = [
        by_series[s.pk, a.identity.series_instance_uid[:64]] for a, s in zip(arrivals, studies, strict=True)
    ]
    versions, fresh = filing.versions(arrivals)
    filed = [
        Filed(a, s, versions[a.identity.sop_instance_uid, a.trailer.content_hash])
        for a, s in zip(arrivals, in_series, strict=True)
    ]
    relate(house, filed)
    find(filed, {s.pk: f for s, f in zip(in_series, files, strict=True)}, now)
    lanes = {f.version.pk: lane_of(file.pk) for f, file in zip(filed, files, strict=True)}
    make_due("analyse", [(pk, lane) for pk, lane in lanes.items() if pk in fresh], now)
    # Images and RT objects that were there before may now belong together in another way.
    make_due("link", [(file.pk, lane_of(file.pk)) for file in set(files)], now)
    return filed


def _journal(house: House, filed: list[Filed]) -> None:
    """One entry per association and institution (model.md, Journal)."""
    groups: dict[tuple[str, str, str], list[Filed]] = {}
    for item in filed:
        institution = item.arrival.decision.institution
        header = item.arrival.header
        code = institution.code if institution else ""
        groups.setdefault((header.association_id, code, header.calling_ae), []).append(item)
    for (association, code, calling_ae), items in groups.items():
        record(
            Actor("sender", calling_ae),
            "submit",
            house.clock.now(),
            object_kind="association",
            object_id=association,
            institution=code,
            objects=len(items),
            **{k.replace("-", "_"): n for k, n in Counter(str(i.relation.value) for i in items).items()},
        )


def _gone_with(erased: Erased, now: datetime) -> None:
    """It waited while what it holds was erased; the parcel is deleted after this commit."""
    institution = erased.decision.institution
    record(
        ACTOR,
        "erase waiting parcel",
        now,
        object_kind="parcel",
        object_id=erased.header.parcel_id,
        institution=institution.code if institution else "",
    )


def _letter(house: House, letter: Letter) -> None:
    """A request is noted; what became of a report too, and then its answer is cleared away."""
    if letter.header.kind == "commitment":
        ask(house, letter.header, letter.decision, letter.data)
    elif request_id := end(house, letter.data):
        transaction.on_commit(partial(house.tray.answers.forget, request_id))


def _notice(notice: Notice, now: object) -> None:
    header = notice.header
    Event.objects.bulk_create(
        [
            Event(
                at=header.received_at,
                kind="refused",
                institution=notice.decision.institution,
                parcel_id=header.parcel_id,
                params={
                    "calling_ae": header.calling_ae,
                    "called_ae": header.called_ae,
                    "address": header.address,
                    **{
                        name: str(notice.body[name])[:300]
                        for name in ("what", "status", "reason", "sop_class_uid")
                        if name in notice.body
                    },
                },
            )
        ],
        ignore_conflicts=True,
    )
