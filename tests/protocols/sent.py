"""A protocol that has a patient: their whole plan came from a hospital, as everything does."""

from __future__ import annotations

from planbank.catalogue.models import PlanSet
from planbank.house import House
from planbank.protocols.models import Protocol, StructureType
from tests.made import thinned
from tests.protocols.rows import ProtocolRows
from tests.sending import register_sender
from tests.services.running import run_everything
from tests.services.test_order import send


def brain_with_a_plan(
    house: House, rows: ProtocolRows, *types: str, purpose: str = "better plans"
) -> Protocol:
    """The protocol BRAIN with structure types of these names, and one patient's plan, sent by OUH."""
    register_sender("OUH")
    protocol = rows.protocol("BRAIN", purpose=purpose)
    rows.centre(protocol, "OUH")
    for name in types:
        StructureType.objects.create(protocol=protocol, name=name)
    for ds in thinned("prostate"):
        send(house, ds)
    run_everything(house)
    rows.join(protocol, PlanSet.objects.get())
    run_everything(house)
    return protocol
