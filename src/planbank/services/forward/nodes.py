"""A destination as a node to call.

Comes in: settings and a destination. Goes out: a Node, with TLS where the destination has it. Raises
SettingsError where a TLS file cannot be used.
"""

from __future__ import annotations

from planbank.config import Settings
from planbank.delivery.models import Destination
from planbank.forwarding.line import Node
from planbank.forwarding.tls import client_context


def node_of(settings: Settings, row: Destination, seconds: float | None = None) -> Node:
    """Where and how to call; certificates are read anew each time, so that a renewed one is used."""
    tls = None
    if row.tls:
        ca, certificate, key = settings.forward_tls_files
        tls = client_context(ca, certificate, key, row.fingerprint)
    calling = row.calling_ae or settings.ae_title
    return Node(row.host, row.port, calling, row.ae_title, tls, seconds or settings.forward_timeout)
