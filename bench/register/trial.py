"""One run of registration, its halves measured apart: python -m bench.register.trial HOME OBJECTS

Comes in: a home, made where there is none, and a number of objects. Goes out: a line of JSON with objects
a second and CPU seconds per 1,000 (those of the database not among them).
"""

from __future__ import annotations

import json
import resource
import secrets
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from bench.nation.home import made_home, opened_home
from bench.nation.parcels import ADDRESS, CALLING, leave_data_set
from bench.register.slices import EXPLICIT, slices
from planbank.house import House


@dataclass
class Measured:
    """Seconds of one run."""

    objects: int
    whole: float = 0.0
    cpu: float = 0.0
    halves: dict[str, float] = field(default_factory=dict)

    def told(self, held: int) -> dict[str, float]:
        rates = {half: self.objects / seconds for half, seconds in self.halves.items()}
        per_1000 = 1000 * self.cpu / self.objects
        return {"held": held, "whole": self.objects / self.whole, "cpu": per_1000, **rates}


def main(home: Path, objects: int) -> None:
    with opened_home(home) if (home / "test").exists() else made_home(home) as bank:
        from planbank.catalogue.models import Instance
        from planbank.services.register.run import register

        held = Instance.objects.count()
        _allow_sender()
        register(bank.house, bank.house.tray.waiting())  # whole patients that bench.nation left
        _fill(bank.house, objects)
        seconds = _archive_half(bank.house)
        _fill(bank.house, objects)
        found = _run(bank.house, objects)
        found.halves["archive"] = seconds
        sys.stdout.write(json.dumps(found.told(held)) + "\n")


def _allow_sender() -> None:
    from planbank.people.models import Institution, Sender, SenderInstitution

    institution, _made = Institution.objects.get_or_create(code="OUH", defaults={"name": "Odense"})
    sender, made = Sender.objects.get_or_create(ae_title=CALLING, network=f"{ADDRESS}/32")
    if made:
        SenderInstitution.objects.create(sender=sender, institution=institution)


def _fill(house: House, objects: int) -> None:
    """Leave slices in the transit area as the gate does, one association a patient."""
    association, patient = "", ""
    for data, uids in slices(objects):
        here = uids[1].rpartition(".")[0]
        if here != patient:
            association, patient = secrets.token_hex(16), here
        leave_data_set(house.tray, data, EXPLICIT, uids, association)


def _archive_half(house: House) -> float:
    """Seconds to take in everything that waits; the parcels are deleted unregistered."""
    from planbank.services.register.take import TAKERS, Batch

    ids = house.tray.waiting()
    began = time.monotonic()
    with ThreadPoolExecutor(TAKERS) as pool:
        for start in range(0, len(ids), 200):
            Batch(house, pool, ids[start : start + 200]).taken()
            house.store.settle()
    seconds = time.monotonic() - began
    for parcel_id in ids:
        house.tray.delete(parcel_id)
    return seconds


def _run(house: House, objects: int) -> Measured:
    """Register everything that waits, the database half timed by itself."""
    from planbank.services.register import run as register

    found = Measured(objects)
    with _timed(found, "database", "_commit_what_can_be"):
        began, used = time.monotonic(), _cpu()
        done = register.register(house, house.tray.waiting())
        found.whole, found.cpu = time.monotonic() - began, _cpu() - used
    if done != objects:
        raise SystemExit(f"{done} of {objects} parcels were dealt with.")
    return found


def _cpu() -> float:
    """CPU seconds of this process and of helpers that ended."""
    return sum(sum(resource.getrusage(who)[:2]) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))


@contextmanager
def _timed(found: Measured, half: str, name: str) -> Iterator[None]:
    from planbank.services.register import run as register

    plain: Callable[..., Any] = getattr(register, name)

    def timed(*given: Any) -> Any:
        began = time.monotonic()
        try:
            return plain(*given)
        finally:
            found.halves[half] = found.halves.get(half, 0.0) + time.monotonic() - began

    setattr(register, name, timed)
    try:
        yield
    finally:
        setattr(register, name, plain)


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]))
