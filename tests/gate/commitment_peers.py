"""Both ends of storage commitment for tests: an answer as `work` gives it, a sender that listens."""

from __future__ import annotations

import threading
import time
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from pynetdicom import AE, evt

from planbank.transit.answers import Answer
from tests.requests import STORAGE_COMMITMENT, WELL_KNOWN, request
from tests.sending import encoded

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from pydicom.dataset import Dataset
    from pynetdicom.events import Event

    from planbank.transit.parcel import Header
    from tests.gate.conftest import Transit

CT = "1.2.840.10008.5.1.4.1.1.2"


def action(references: Sequence[tuple[str, str]] = ((CT, "1.2.3"),), transaction: str = "1.2.9") -> bytes:
    """The data set of a request, explicit VR little endian."""
    return encoded(request(references, transaction))


def action_request(
    sop_class: str = STORAGE_COMMITMENT, sop_instance: str = WELL_KNOWN, action_type: int = 1
) -> dict[int, bytes | int | str]:
    """The elements of an N-ACTION-RQ."""
    return {
        0x0003: sop_class,
        0x0100: 0x0130,
        0x0110: 9,
        0x0800: 0x0001,
        0x1001: sop_instance,
        0x1008: action_type,
    }


def answer_to(header: Header, **changes: Any) -> Answer:
    """The answer to a request that the gate left: one object safe, as long as nothing else is said."""
    usual: dict[str, Any] = {
        "request_id": header.parcel_id,
        "association_id": header.association_id,
        "calling_ae": header.calling_ae,
        "called_ae": header.called_ae,
        "transaction_uid": "1.2.9",
        "answered_at": header.received_at,
        "safe": ((CT, "1.2.3"),),
    }
    return Answer(**(usual | changes))


def eventually(found: Callable[[], Any], seconds: float = 20) -> Any:
    """What `found` gives once it is true."""
    until = time.monotonic() + seconds
    while not (value := found()):
        assert time.monotonic() < until, "it never came"
        time.sleep(0.005)
    return value


def only_request(transit: Transit) -> Header:
    """The header of the one request that waits, once it is there."""
    [(header, _)] = eventually(transit.requests)
    return header


@dataclass
class Listener:
    """A sender that takes reports: what it was told, and what it says to it."""

    port: int = 0
    status: int = 0x0000
    told: list[tuple[int, Dataset]] = field(default_factory=list)
    titles: list[tuple[str, str]] = field(default_factory=list)
    roles: list[tuple[bool, bool]] = field(default_factory=list)

    def take(self, event: Event) -> tuple[int, None]:
        if self.status == 0x0000:
            self.told.append((event.event_type, event.event_information))
        return self.status, None

    def asked(self, event: Event) -> None:
        request = event.assoc.requestor
        self.titles.append((request.primitive.calling_ae_title, request.primitive.called_ae_title))
        self.roles += [(role.scu_role, role.scp_role) for role in request.role_selection.values()]


@contextmanager
def listening(ae_title: str = "DEMO_TPS", *, roles: bool = True, tls: Any = None) -> Iterator[Listener]:
    """A pynetdicom sender that listens for reports, as SCU of storage commitment."""
    listener = Listener()
    ae = AE(ae_title=ae_title)
    if roles:
        ae.add_supported_context(STORAGE_COMMITMENT, scu_role=True, scp_role=True)
    else:
        ae.add_supported_context(STORAGE_COMMITMENT)
    handlers = [(evt.EVT_N_EVENT_REPORT, listener.take), (evt.EVT_REQUESTED, listener.asked)]
    server = ae.start_server(("127.0.0.1", 0), block=False, evt_handlers=handlers, ssl_context=tls)
    listener.port = server.server_address[1]
    try:
        yield listener
    finally:
        server.shutdown()
        for thread in threading.enumerate():
            if thread.name.startswith(("AcceptorThread", "DUL")):
                thread.join(5)
