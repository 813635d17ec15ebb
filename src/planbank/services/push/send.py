"""One export to one node.

Comes in: an export and a destination that nobody else sends to. Goes out: its objects there, each noted as it
is taken or refused; or when to go on; or why it ends. Loaded by who sends: no other process waits for it.
"""

from __future__ import annotations

import time
from collections.abc import Iterator

from django.db import transaction

from planbank.delivery.models import Destination
from planbank.delivery.rules import why_not_export
from planbank.errors import NoLine, SettingsError
from planbank.forwarding.line import Line, connect
from planbank.house import House
from planbank.messages.models import Event, EventKind
from planbank.pipeline.registry import Done, Later, Result
from planbank.protocols.act import Act
from planbank.services.export.layout import reached
from planbank.services.forward.backing_off import pause
from planbank.services.forward.nodes import node_of
from planbank.services.forward.one import store
from planbank.takeout.asking import taken
from planbank.takeout.models import Export, ExportFile

F = ExportFile.State
SECONDS, PORTION = 60.0, 50


class _Ended(Exception):
    """The approval, or what it rests on, ended while files went out."""


def send(house: House, row: Export, destination: Destination) -> Result:
    """Send what the node does not have yet, a minute of it: other work goes between."""
    begun = time.monotonic()
    waiting = row.files.filter(state=F.READY, accepted_at=None)
    contexts = waiting.order_by().values_list("version__sop_class_uid", "version__transfer_syntax_uid")
    try:
        if kinds := set(contexts.distinct()):
            with connect(node_of(house.settings, destination), kinds) as line:
                _on_record(house, row)
                for files in _portions(house, row):
                    for file in files:
                        if said := _one(house, line, row, file):
                            return _again(house, row, said)
                    if time.monotonic() - begun > SECONDS:
                        return Later(house.clock.now(), "more of it waits")
    except _Ended:
        return Done("ended while it was sent")
    except NoLine as exc:
        if exc.code == "nothing-accepted":
            return give_up(house, row, exc.code)
        return _again(house, row, exc.code)
    except SettingsError:
        return _again(house, row, "settings")
    return _whole(house, row)


def _portions(house: House, row: Export) -> Iterator[list[ExportFile]]:
    """What waits, some at a time; what who asked may no longer take out is withheld."""
    files = row.files.filter(state=F.READY, accepted_at=None).select_related("version").order_by("offset")
    while found := list(files[:PORTION]):
        inside = reached(row, house.clock.now()).filter(pk__in=[one.instance for one in found])
        allowed = set(inside.values_list("pk", flat=True))
        gone = [one.pk for one in found if one.instance not in allowed]
        row.files.filter(pk__in=gone).update(state=F.WITHHELD, reason="out-of-reach", offset=None)
        yield [one for one in found if one.instance in allowed]


def _one(house: House, line: Line, row: Export, file: ExportFile) -> str:
    """Send one object; why the line has to be left, '' where the next may go. Raises _Ended."""
    _ask_again(house, row)
    said = store(house, line, file.key, (file.version.sop_class_uid, file.version.transfer_syntax_uid))
    this = ExportFile.objects.filter(pk=file.pk)
    if said is None:
        this.update(accepted_at=house.clock.now(), reason="")
        return ""
    code, is_final = said
    if is_final:
        this.update(state=F.FAILED, reason=code)
    return "" if is_final and line.is_open else code


def _ask_again(house: House, row: Export) -> None:
    """Whatever changed meanwhile counts: asked before each object, as for forwards (R89). Raises _Ended."""
    now = house.clock.now()
    rows = Export.objects.select_related("protocol", "project", "destination__institution")
    here = rows.filter(pk=row.pk, state=Export.State.READY).first()
    if here is None or here.is_over(now):
        raise _Ended
    assert here.destination is not None
    if said := why_not_export(here.destination, here.owner, now):
        give_up(house, row, said)
        raise _Ended


def _on_record(house: House, row: Export) -> None:
    """The journal knows before the first object goes: this is the disclosure (R122)."""
    if not row.files.filter(accepted_at__isnull=False).exists():
        taken(Act.of_service("push", house.clock.now()), row, resumed=False)


def _again(house: House, row: Export, code: str) -> Result:
    """Later; given up after as many tries as a forward gets."""
    attempts = row.attempts + 1
    Export.objects.filter(pk=row.pk).update(attempts=attempts, problem=code)
    if attempts >= house.settings.forward_tries * 4:
        return give_up(house, row, code)
    return Later(house.clock.now() + pause(attempts), f"not sent yet: {code}")


def give_up(house: House, row: Export, code: str) -> Result:
    """What waits is not sent until who asked tries again; the page says why."""
    row.files.filter(state=F.READY, accepted_at=None).update(state=F.FAILED, reason=code)
    Export.objects.filter(pk=row.pk).update(problem=code)
    return _whole(house, row)


@transaction.atomic
def _whole(house: House, row: Export) -> Result:
    """Nothing waits: told, and over where nothing failed."""
    now, failed = house.clock.now(), row.files.filter(state=F.FAILED).count()
    mine = Export.objects.filter(pk=row.pk, state=Export.State.READY)
    if failed:
        mine.update(sent_at=now)
    else:
        mine.update(sent_at=now, state=Export.State.SENT, problem="")
    assert row.destination is not None
    accepted = row.files.filter(accepted_at__isnull=False).count()
    Event.objects.create(
        at=now,
        kind=EventKind.EXPORT_SENT,
        user=row.asked_by,
        params={
            "name": row.owner.short_name,
            "export": row.pk,
            "destination": row.destination.name,
            "count": accepted,
            "of": accepted + failed,
        },
    )
    return Done(f"{accepted} of {accepted + failed} objects sent")
