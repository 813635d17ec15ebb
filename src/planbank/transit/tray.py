"""The port of the transit area: where the gate and the site leave parcels for the back end.

Comes in: fragments of data with a header. Goes out: sealed, signed parcels, one by one.
Implementations: `folder.FolderTray` (a folder that both sides mount) and `memory.MemoryTray`
(its twin), held to one contract suite (tests/contract/test_tray.py).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from planbank.transit.answers import Answers
    from planbank.transit.look import Look
    from planbank.transit.parcel import Header, Trailer
    from planbank.transit.signature import Signer

_NAME = re.compile(r"[a-z][a-z0-9-]{0,63}")


def checked_name(name: str) -> str:
    """The name of a control file itself. Raises ValueError unless it is like `open-associations`."""
    if not _NAME.fullmatch(name):
        raise ValueError("A control file's name has lower-case letters, digits and '-'.")
    return name


class Sink(Protocol):
    """Anything that takes bytes: a file, or a part of the archive."""

    def write(self, data: bytes | memoryview, /) -> int: ...


@dataclass(frozen=True)
class Opened:
    """A parcel that was verified and opened: what its sealed part said, and who signed it."""

    header: Header
    trailer: Trailer
    signer: str


@dataclass(frozen=True)
class Load:
    """How much lies in one place of the transit area."""

    parcels: int
    bytes: int


class Tray(Protocol):
    """The transit area."""

    answers: Answers
    """What `work` tells the gate to report (answers.py)."""

    def put(self, header: Header, fragments: Iterable[bytes | memoryview]) -> Trailer:
        """Seal, sign and keep a parcel; durable (file and folder synced) when this returns.

        `header.parcel_id` comes from `parcel.new_parcel_id`.

        Pulls `fragments` one at a time; memory stays flat. An exception raised by `fragments`
        passes through and nothing is left. Raises OSError when the disk is full or a sync
        fails; nothing is left then, and the same file is never synced twice. Raises
        FileExistsError where the id is taken, KeyMissing where this process may not deposit.
        """

    def waiting(self, limit: int | None = None) -> list[str]:
        """Parcel ids to be registered, oldest first."""

    def open(self, parcel_id: str, begin: Callable[[Header], Sink]) -> Opened:
        """Verify the signature, open the seal, write the data into the sink `begin` gives.

        Waiting and quarantined parcels can be opened. `begin` is called once, signature and
        name already verified; what it or the sink raises passes through.
        What was written counts only when this returns. Raises ParcelMissing, ParcelUnsigned,
        ParcelDamaged (also when the header's id is not the parcel's name), ParcelUnreadable,
        KeyMissing where this process holds no private key.
        """

    def look(self, parcel_id: str) -> Look:
        """What can be told of a waiting or quarantined parcel without opening it. Raises ParcelMissing."""

    def reseal(self, parcel_id: str, signer: Signer | None = None) -> Trailer:
        """Seal a waiting or quarantined parcel anew, for the recipients of now, where it lies.

        Signed by `signer`, else as this process signs. Old or new, one of the two is there whole at
        any moment. Raises what `open` and `put` raise; the parcel stays as it was then. A parcel
        that is deleted at the same moment may come back: whoever deletes does so again, since
        rows tell what became of it.
        """

    def delete(self, parcel_id: str) -> None:
        """Remove a waiting or quarantined parcel; nothing happens where it is gone."""

    def quarantine(self, parcel_id: str) -> None:
        """Set a waiting parcel aside, sealed as it is. Raises ParcelMissing."""

    def release(self, parcel_id: str) -> None:
        """Put a quarantined parcel back among the waiting. Raises ParcelMissing."""

    def quarantined(self) -> list[str]:
        """Parcel ids set aside, in no order."""

    def load(self) -> Load:
        """What waits."""

    def publish(self, name: str, content: dict[str, Any]) -> None:
        """Write the small JSON file `name` (senders, associations), whole or not at all."""

    def read(self, name: str) -> dict[str, Any] | None:
        """The JSON last published under `name`, None where there is none."""

    def changed(self, name: str) -> float:
        """A number that grows when `name` is published anew; 0.0 where there is none."""
