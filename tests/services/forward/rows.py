"""A protocol with an agreement, a confirmed destination, and CT series to forward."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from pydicom.dataset import Dataset

from planbank.catalogue.models import PatientFile
from planbank.delivery.asking import Wanted, ask
from planbank.delivery.models import Delivery, Destination, Forward
from planbank.house import House
from planbank.protocols.act import Act
from planbank.protocols.models import Agreement, Protocol
from planbank.services.forward.deliver import deliver
from planbank.services.forward.run import forward
from tests.protocols.rows import ProtocolRows
from tests.sending import ct, deposit, register_sender
from tests.services.running import run_everything

SERIES = "1.2.3.4.5"


def protocol_with(house: House) -> Protocol:
    """OUH takes part; DCPT has an agreement that is in force."""
    register_sender("OUH")
    now = house.clock.now()
    rows = ProtocolRows(now - timedelta(days=1))
    protocol = rows.protocol("PROTON", purpose="Where protons are chosen")
    rows.centre(protocol, "OUH")
    agreed = {"kind": "centre", "title": "Proton centre", "signed_on": now.date() - timedelta(days=30)}
    Agreement.objects.create(protocol=protocol, institution=rows.institution("DCPT"), **agreed)
    return protocol


def destination_at(house: House, port: int, **fields: Any) -> Destination:
    """A confirmed destination of DCPT on this machine, without TLS."""
    now = house.clock.now()
    values = {
        "name": "Proton centre",
        "institution": ProtocolRows(now).institution("DCPT"),
        "ae_title": "PROTON",
        "host": "127.0.0.1",
        "port": port,
        "tls": False,
        "purpose": "To decide about protons",
        "asked_at": now,
        "confirmed_at": now,
    }
    return Destination.objects.create(**{**values, **fields})


def images(number: int = 5, **changes: Any) -> list[Dataset]:
    """A CT series of one patient."""
    return [
        ct(SOPInstanceUID=f"1.2.3.4.5.{n}", InstanceNumber=str(n), **changes) for n in range(1, number + 1)
    ]


def arrive(house: House, objects: list[Dataset], **where: Any) -> None:
    """Objects come in and are dealt with."""
    for ds in objects:
        deposit(house, ds, **where)
    run_everything(house)


def asked(house: House, protocol: Protocol, destination: Destination, **fields: Any) -> Forward:
    """A forward of the one series there is, and what belongs to it found."""
    file = PatientFile.objects.get()
    wanted = Wanted(destination, protocol, file, SERIES, **fields)
    row = ask(Act.of_service("test", house.clock.now()), wanted)
    forward(house, file.pk)
    return row


def go(house: House, destination: Destination) -> int:
    """Send what is due now."""
    return deliver(house, destination.pk)


def states(row: Forward) -> dict[str, int]:
    """State -> how many."""
    found: dict[str, int] = {}
    for one in Delivery.objects.filter(forwards=row):
        found[one.state] = found.get(one.state, 0) + 1
    return found


def later(house: House, **span: float) -> None:
    """The clock goes on; who waits may try again."""
    house.clock.at += timedelta(**span)  # type: ignore[attr-defined]
