"""The process `clock`: what happens by itself, each second.

Comes in: the time. Goes out: sealed journal entries, signed heads of their chain, the gate's list of
senders, jobs for what is due. Several may run; each task takes its own lock or is safe to run twice.
"""

from __future__ import annotations

import signal
import time

import structlog

from planbank import boot
from planbank.config import Settings
from planbank.errors import JournalCut, KeyMissing, PlanbankError
from planbank.house import House
from planbank.processes.bell import Bell

log = structlog.get_logger(__name__)
SWEEP_EVERY = 5.0


def run(settings: Settings) -> int:
    """Tick until SIGTERM or SIGINT."""
    bell = Bell(signal.SIGTERM, signal.SIGINT)
    house = boot.build(settings, "clock")
    swept = 0.0
    told: set[tuple[str, str, str]] = set()
    begun = False
    notary, relay = _Notary(), _Relay()
    from django.db import InterfaceError, OperationalError, close_old_connections, connection
    from procrastinate.exceptions import ConnectorException

    while not bell.rung:
        try:
            close_old_connections()
            if not begun:
                _begin(house)
                begun = True
            tick(house)
            relay(house)
            if time.monotonic() - swept >= SWEEP_EVERY:
                _sweep(house)
                _tell_expiries(house, told)
                notary(house)
                swept = time.monotonic()
        except (OperationalError, InterfaceError, ConnectorException) as exc:
            log.warning("database away, the clock waits", kind=type(exc).__name__)
            connection.close()
        except OSError as exc:
            log.error("transit area fails", errno=exc.errno)
        bell.wait(1)
    return 0


def tick(house: House) -> None:
    """What is done each second: seal the journal, tell the gate who may send."""
    from planbank.journal.chain import seal_committed
    from planbank.people.queries import gate_file

    while seal_committed() == 1000:
        pass
    settings = house.settings
    wanted = gate_file(
        settings.unknown_senders,
        [settings.ae_title],
        settings.vendor_storage,
        settings.storage_classes,
    )
    if _published(house) != wanted:
        house.tray.publish("senders", wanted)
        log.info("senders published", senders=len(wanted["senders"]))


class _Notary:
    """Signs the head of the journal's chain; what stands in the way is said once."""

    def __init__(self) -> None:
        from planbank.journal.heads import Notary

        self._notary, self._said = Notary(), ""

    def __call__(self, house: House) -> None:
        try:
            self._notary(house)
            self._said = ""
        except (KeyMissing, JournalCut) as exc:
            if self._said != type(exc).__name__:
                log.error("the journal's head is not signed", why=str(exc))
            self._said = type(exc).__name__


class _Relay:
    """Sends the journal out as audit messages, where that is set; what stands in the way is said once."""

    def __init__(self) -> None:
        from planbank.journal.dicom_audit.relay import Relay

        self._relay, self._said = Relay(), ""

    def __call__(self, house: House) -> None:
        try:
            if self._relay(house):
                self._said = ""
        except (OSError, PlanbankError) as exc:
            if self._said != type(exc).__name__:
                log.error("audit messages are not sent", kind=type(exc).__name__)
            self._said = type(exc).__name__


def _published(house: House) -> dict[str, object] | None:
    try:
        return house.tray.read("senders")
    except ValueError:
        return None  # damaged: it is written anew


def _begin(house: House) -> None:
    from planbank.erasure.ageing import reckon_anew
    from planbank.pipeline.sweep import notice_new_versions

    for name in notice_new_versions(house):
        log.info("everything made due for a new version", service=name)
    reckon_anew(house)


def _sweep(house: House) -> None:
    """Heal what processes left that died: jobs, forgotten work, moves in the transit area."""
    from planbank.access.watch import tell_orphans
    from planbank.catalogue.quarantine import carry_out
    from planbank.catalogue.quarantine_use import publish_use
    from planbank.erasure.ageing import carry_on as delete_unassigned
    from planbank.erasure.ageing import warn
    from planbank.erasure.withdrawing import carry_on
    from planbank.pipeline.sweep import give_back_stalled, sweep
    from planbank.services.export.ended import remove_ended

    carry_on(house.clock.now())
    tell_orphans(house.clock.now())
    warn(house)
    delete_unassigned(house)
    carry_out(house)
    remove_ended(house)
    publish_use(house)
    give_back_stalled()
    sweep(house)


def _tell_expiries(house: House, told: set[tuple[str, str, str]]) -> None:
    """One line for each certificate and each of 30, 7 and 1 days; `told` holds what was said."""
    from planbank.people.expiry import expiries

    for one in expiries(house.settings, house.clock.now()):
        key = (one.what, f"{one.name} {one.not_after}", "over" if one.is_over else one.level)
        if one.level != "ok" and key not in told:
            told.add(key)
            log.warning(
                "a certificate ends", what=one.what, until=f"{one.not_after:%Y-%m-%d}", days=one.days_left
            )
