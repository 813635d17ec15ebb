"""How much of the quarantine senders use that nobody registered (model.md, Quarantine: a quota).

Comes in: rows that wait, and what the transit area still holds. Goes out: the content of the
control file `quarantine`, by which the gate keeps to the quota (gate/allowance.py).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from django.db.models import Count, Max, Sum

from planbank.catalogue.models import QuarantinedParcel
from planbank.gate.limits import Limits

if TYPE_CHECKING:
    from planbank.house import House

CONTROL_FILE = "quarantine"
MOST_ADDRESSES = 10_000
_CLOCKS_DIFFER = timedelta(seconds=5)
_AGAIN = timedelta(seconds=60)


def publish_use(house: House) -> bool:
    """Tell the gate where it does not know yet; returns whether it was told something."""
    found = use(house)
    try:
        told = house.tray.read(CONTROL_FILE) or {}
        settled = datetime.fromisoformat(told.get("settled", "0001-01-01T00:00:00+00:00"))
    except (ValueError, TypeError, AttributeError):
        told, settled = {}, datetime.min.replace(tzinfo=UTC)  # damaged: it is written anew
    same = {name: told.get(name) for name in found if name != "settled"}
    known = same == {name: value for name, value in found.items() if name != "settled"}
    newest = _unregistered().aggregate(at=Max("received_at"))["at"]
    if known and (newest is None or newest < settled) and house.clock.now() - settled < _AGAIN:
        return False
    house.tray.publish(CONTROL_FILE, found)
    return True


def use(house: House) -> dict[str, Any]:
    """Files and bytes that wait for the administrator, in all and by address.

    `settled`: whatever was complete in the transit area before is counted or was filed. It is read
    first, so that what is filed in between counts twice rather than not at all.
    """
    settled = house.clock.now() - _CLOCKS_DIFFER
    if oldest := house.tray.waiting(1):
        settled = min(settled, datetime.fromtimestamp(int(oldest[0][:12], 16) / 1000, UTC))
    rows = _unregistered().values("address").annotate(n=Count("pk"), size=Sum("size")).order_by("-size")
    counted = [(row["address"], row["n"], row["size"]) for row in rows]
    return {
        "version": 1,
        "settled": settled.isoformat(),
        "files": sum(n for _address, n, _size in counted),
        "bytes": sum(size for _address, _n, size in counted),
        "addresses": {address: [n, size] for address, n, size in counted[:MOST_ADDRESSES]},
    }


def _unregistered() -> Any:
    """Rows that nobody but the system administrator can decide about."""
    return QuarantinedParcel.objects.filter(state=QuarantinedParcel.State.WAITING, institution=None)


@dataclass(frozen=True)
class Filling:
    """How full the quarantine is: `part` of 1 is the quota; `address` where one alone has that much."""

    part: float
    address: str = ""


def filling(house: House) -> Filling:
    """The fullest of its quotas, by what the gate was last told."""
    limits = Limits().replaced(house.settings.gate_limits.model_dump(exclude_none=True))
    try:
        told = house.tray.read(CONTROL_FILE) or {}
        found = [
            Filling(_part(told["files"], told["bytes"], limits.quarantine_files, limits.quarantine_bytes))
        ]
        most = limits.quarantine_files_per_address, limits.quarantine_bytes_per_address
        found += [Filling(_part(n, size, *most), a) for a, (n, size) in told["addresses"].items()]
    except (ValueError, KeyError, TypeError, AttributeError):
        return Filling(0.0)
    return max(found, key=lambda one: one.part)


def _part(files: int, size: int, most_files: int, most_bytes: int) -> float:
    return max(files / most_files, size / most_bytes)
