"""What stands on a set-up sheet.

Comes in: settings, the ports where the gate listens, and a sender or none. Goes out: a `Sheet`.
What is not known stays empty and is a line to write on.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from planbank.house import House
    from planbank.people.models import Sender


@dataclass(frozen=True)
class Called:
    """Under which AE title data become whose."""

    ae_title: str
    institution: str = ""


@dataclass(frozen=True)
class Sheet:
    """One page. `trigger_roi`: the name that starts what a protocol promised; its place is left out
    where there is none.
    """

    host: str
    port: int | None
    tls_port: int | None
    called: tuple[Called, ...]
    site: str
    contact: str
    unknown: str
    sender_ae: str = ""
    network: str = ""
    own_host: str = ""
    own_port: int | None = None
    certificates: tuple[str, ...] = ()
    trigger_roi: str = ""


def sheet_for(house: House, sender: Sender | None) -> Sheet:
    """The sheet of a sender, or one with lines to write on."""
    settings = house.settings
    ports = _ports(house)
    called = tuple(
        Called(row.called_ae or settings.ae_title, row.institution.name)
        for row in (sender.listed.select_related("institution").order_by("called_ae") if sender else ())
    )
    return Sheet(
        host=settings.dicom_public_host,
        port=ports.get("port") if settings.dicom_tls != "only" else None,
        tls_port=ports.get("tls_port") if settings.dicom_tls != "off" else None,
        called=called or (Called(settings.ae_title),),
        site=settings.site_url,
        contact=settings.contact,
        unknown=settings.unknown_senders,
        sender_ae=sender.ae_title if sender else "",
        network=sender.network if sender else "",
        own_host=str(sender.echo_host or "") if sender else "",
        own_port=sender.echo_port if sender else None,
        certificates=tuple(row.fingerprint for row in sender.certificates.all()) if sender else (),
    )


def _ports(house: House) -> dict[str, int]:
    """Where the gate says that it listens; what the settings say where it never ran."""
    settings = house.settings
    wanted = {"port": settings.dicom_port, "tls_port": settings.dicom_tls_port}
    try:
        published = house.tray.read("gate") or {}
    except ValueError:
        published = {}
    found = {name: port or published.get(name) for name, port in wanted.items()}
    return {name: port for name, port in found.items() if isinstance(port, int)}
