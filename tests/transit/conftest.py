"""Real keys and real parcels for the tests of the transit area."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pyrage
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from planbank.transit.folder import FolderTray
from planbank.transit.parcel import Header, new_parcel_id
from planbank.transit.signature import Signer
from planbank.transit.unseal import Opener

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


@pytest.fixture(scope="session")
def identity() -> str:
    """An age private key."""
    return str(pyrage.x25519.Identity.generate())


@pytest.fixture(scope="session")
def recipient(identity: str) -> str:
    """The public half of `identity`."""
    return str(pyrage.x25519.Identity.from_str(identity).to_public())


@pytest.fixture(scope="session")
def signer() -> Signer:
    """The gate's signing key."""
    return Signer("gate", Ed25519PrivateKey.generate())


@pytest.fixture
def tray(tmp_path: Path, identity: str, recipient: str, signer: Signer) -> FolderTray:
    """A transit area that deposits and opens."""
    return FolderTray(
        tmp_path / "transit",
        recipients=[recipient],
        signer=signer,
        opener=Opener([identity]),
        verifiers={"gate": signer.verify_key()},
    )


@pytest.fixture
def new_header() -> Callable[[], Header]:
    """Makes headers, each with an id of its own."""

    def make() -> Header:
        return Header(
            parcel_id=new_parcel_id(datetime.now(UTC)),
            kind="object",
            association_id="a1",
            calling_ae="TPS",
            called_ae="PLANBANK",
            address="192.0.2.7",
            received_at="2026-03-01T12:00:00.000000+00:00",
            transfer_syntax_uid="1.2.840.10008.1.2.1",
        )

    return make
