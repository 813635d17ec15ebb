"""One copy to one node.

Comes in: a copy and a destination that nobody else sends to. Goes out: its objects there, each noted as it is
taken; or when to try again; or why it ends. Loaded by who sends: no other process waits for it.
"""

from __future__ import annotations

from django.db import transaction

from planbank.audits.acting import journal, why_not_out
from planbank.audits.models import Copy, CopyFile
from planbank.delivery.models import Destination
from planbank.errors import NoLine, SettingsError
from planbank.forwarding.line import Line, connect
from planbank.house import House
from planbank.pipeline.registry import Done, Later, Result
from planbank.protocols.act import Act
from planbank.services.forward.backing_off import pause
from planbank.services.forward.nodes import node_of
from planbank.services.forward.one import store

C = Copy.State
GOING = (C.MADE, C.SENT)


def send(house: House, row: Copy, destination: Destination) -> Result:
    """Send what the node does not have yet."""
    files = list(row.files.filter(accepted_at=None).select_related("source__version"))
    try:
        with connect(node_of(house.settings, destination), {_context(one) for one in files}) as line:
            _begun(house, row, destination)
            for file in files:
                if stopped := _stopped(row):
                    return end(row, stopped)
                if said := _one(house, line, file):
                    return _again(house, row, said) if not said[1] else end(row, said[0])
    except NoLine as exc:
        return end(row, exc.code) if exc.code == "nothing-accepted" else _again(house, row, (exc.code, False))
    except SettingsError:
        return _again(house, row, ("settings", False))
    now = house.clock.now()
    Copy.objects.filter(pk=row.pk, state__in=GOING).update(state=C.ACCEPTED, accepted_at=now, problem="")
    act = Act.of_service("hand_out", now)
    journal(act, "audit copy accepted", row.study, copy=row.number, to=row.centre.code)
    return Done()


def _stopped(row: Copy) -> str:
    """Why nothing more may go: asked before each object, as for forwards (R89)."""
    found = Copy.objects.select_related("study__protocol", "case__patient_file").filter(pk=row.pk).first()
    return why_not_out(found) if found is not None else "not-made"


def _one(house: House, line: Line, file: CopyFile) -> tuple[str, bool] | None:
    """Send one object; what is wrong and whether that is final, None where it was taken."""
    said = store(house, line, file.key, _context(file))
    if said is None:
        CopyFile.objects.filter(pk=file.pk).update(accepted_at=house.clock.now())
    return said


@transaction.atomic
def _begun(house: House, row: Copy, destination: Destination) -> None:
    """The journal knows before the first object goes."""
    now = house.clock.now()
    if row.sent_at is None or row.state == C.MADE:
        Copy.objects.filter(pk=row.pk, state=C.MADE).update(state=C.SENT, sent_at=now)
        act, to = Act.of_service("hand_out", now), row.centre.code
        journal(act, "send audit copy", row.study, copy=row.number, to=to, destination=destination.name)


def _again(house: House, row: Copy, said: tuple[str, bool]) -> Result:
    """Later; given up after as many tries as a forward gets. What the node took is not sent twice."""
    attempts = row.attempts + 1
    Copy.objects.filter(pk=row.pk).update(attempts=attempts, problem=said[0])
    if attempts >= house.settings.forward_tries * 4:
        return end(row, said[0])
    return Later(house.clock.now() + pause(attempts), f"not sent yet: {said[0]}")


def end(row: Copy, code: str) -> Result:
    """It ends here until somebody asks again; the board says why."""
    Copy.objects.filter(pk=row.pk, state__in=GOING).update(state=C.FAILED, problem=code)
    return Done(f"not sent: {code}")


def _context(file: CopyFile) -> tuple[str, str]:
    version = file.source.version
    return version.sop_class_uid, version.transfer_syntax_uid
