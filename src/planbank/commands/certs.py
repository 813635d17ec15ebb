"""`planbank certs`: certificates for mutual TLS between centres and the gate (PS3.15 Annex B).

Comes in: a folder, and names. Goes out: a CA, certificates signed by it with their keys, all PEM;
and a list of them with the days they have left.

    ca.crt  ca.key                 the authority of this bank: give ca.crt to the centres
    gate.crt  gate.key             what the gate shows
    clients/<name>.crt  .key       what a centre's system shows: its fingerprint goes into its sender

ca.key is needed for signing alone: keep it away from the gate once all is signed.
"""

from __future__ import annotations

import ipaddress
import os
import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from planbank.archive.durable import create_locked, make_folder, sync_folder, write_all
from planbank.errors import KeyMissing, SettingsError

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

CA_DAYS = 3650
LEAF_DAYS = 825
WARN_DAYS = 60

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,63}")
_EARLIER = timedelta(minutes=5)  # clocks of two hospitals differ


@dataclass(frozen=True)
class CertificateRow:
    """One line of `planbank certs`. `fingerprint`: SHA-256 in hex, as a sender's `certificates` takes it.

    `state`: 'good', 'soon' (at most 60 days left), 'expired', or 'unreadable' where it is no certificate.
    """

    name: str
    subject: str
    fingerprint: str
    expires_at: datetime | None
    days_left: int
    state: str


def make_authority(folder: Path, organisation: str, *, days: int = CA_DAYS) -> Path:
    """Make `ca.crt` and `ca.key`; gives the certificate's path.

    Raises FileExistsError where one is there: its certificates would be worth nothing any more;
    SettingsError without a name.
    """
    if not organisation.strip():
        raise SettingsError("The name of an organisation is needed.")
    key = ec.generate_private_key(ec.SECP256R1())
    subject = _subject(organisation, f"{organisation} planbank CA")
    builder = (
        _builder(subject, subject, key.public_key(), days)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(_usage(signs_certificates=True), critical=True)
    )
    return _write(folder, "ca", builder.sign(key, hashes.SHA256()), key)


def make_server(folder: Path, hosts: Sequence[str], *, days: int = LEAF_DAYS) -> Path:
    """Make `gate.crt` and `gate.key` for these host names or addresses; gives the certificate's path.

    An older one is replaced; the gate takes the new one up by itself. Raises KeyMissing without
    an authority, SettingsError without a host.
    """
    if not hosts:
        raise SettingsError("A host name or address is needed: what the centres call the gate by.")
    names = x509.SubjectAlternativeName([_host(host) for host in hosts])
    return _issue(folder, "gate", hosts[0], ExtendedKeyUsageOID.SERVER_AUTH, days, names)


def make_client(folder: Path, name: str, *, days: int = LEAF_DAYS) -> Path:
    """Make `clients/<name>.crt` and `.key` for one sending system; gives the certificate's path.

    `name`: letters, digits, - and _, the AE title as a rule. An older one is replaced, and its
    fingerprint is another then. Raises KeyMissing without an authority, SettingsError for another name.
    """
    if not _NAME.fullmatch(name):
        raise SettingsError("A client's name has letters, digits, - and _ only, at most 64.")
    return _issue(folder, f"clients/{name}", name, ExtendedKeyUsageOID.CLIENT_AUTH, days, None)


def rows(folder: Path, now: datetime) -> list[CertificateRow]:
    """Every certificate in the folder, the authority and the gate first."""
    first = [file for file in (folder / "ca.crt", folder / "gate.crt") if file.exists()]
    return [_row(folder, file, now) for file in [*first, *sorted((folder / "clients").glob("*.crt"))]]


def fingerprint(certificate: Path) -> str:
    """The SHA-256 of a PEM certificate, in hex. Raises KeyMissing when it is none."""
    return _load(certificate).fingerprint(hashes.SHA256()).hex()


def _row(folder: Path, file: Path, now: datetime) -> CertificateRow:
    name = str(file.relative_to(folder).with_suffix(""))
    try:
        certificate = _load(file)
    except KeyMissing:
        return CertificateRow(name, "", "", None, 0, "unreadable")
    expires_at = certificate.not_valid_after_utc
    days_left = (expires_at - now) // timedelta(days=1)
    state = "expired" if expires_at <= now else "soon" if days_left <= WARN_DAYS else "good"
    subject = certificate.subject.rfc4514_string()
    return CertificateRow(name, subject, fingerprint(file), expires_at, days_left, state)


def _issue(
    folder: Path,
    name: str,
    common_name: str,
    usage: x509.ObjectIdentifier,
    days: int,
    names: x509.SubjectAlternativeName | None,
) -> Path:
    authority, signing_key = _load(folder / "ca.crt"), _load_key(folder / "ca.key")
    key = ec.generate_private_key(ec.SECP256R1())
    [organisation] = authority.subject.get_attributes_for_oid(NameOID.ORGANIZATION_NAME)
    subject = _subject(str(organisation.value), common_name)
    builder = (
        _builder(subject, authority.subject, key.public_key(), days)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(_usage(signs_certificates=False), critical=True)
        .add_extension(x509.ExtendedKeyUsage([usage]), critical=False)
        .add_extension(
            x509.AuthorityKeyIdentifier.from_issuer_public_key(signing_key.public_key()), critical=False
        )
    )
    if names is not None:
        builder = builder.add_extension(names, critical=False)
    for old in (folder / f"{name}.key", folder / f"{name}.crt"):
        old.unlink(missing_ok=True)
    return _write(folder, name, builder.sign(signing_key, hashes.SHA256()), key)


def _builder(
    subject: x509.Name, issuer: x509.Name, key: ec.EllipticCurvePublicKey, days: int
) -> x509.CertificateBuilder:
    now = datetime.now(UTC)
    return (
        x509.CertificateBuilder(issuer, subject, key, x509.random_serial_number())
        .not_valid_before(now - _EARLIER)
        .not_valid_after(now + timedelta(days=days))
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key), critical=False)
    )


def _usage(*, signs_certificates: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not signs_certificates,
        key_cert_sign=signs_certificates,
        crl_sign=signs_certificates,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        encipher_only=False,
        decipher_only=False,
    )


def _subject(organisation: str, common_name: str) -> x509.Name:
    try:
        return x509.Name(
            [
                x509.NameAttribute(NameOID.ORGANIZATION_NAME, organisation[:64]),
                x509.NameAttribute(NameOID.COMMON_NAME, common_name[:64]),
            ]
        )
    except ValueError as exc:
        raise SettingsError(f"This cannot be the name of an organisation or a host: {exc}") from exc


def _host(host: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(host))
    except ValueError:
        try:
            return x509.DNSName(host)
        except ValueError as exc:
            raise SettingsError("A host is a DNS name or an IP address.") from exc


def _load(file: Path) -> x509.Certificate:
    try:
        return x509.load_pem_x509_certificate(file.read_bytes())
    except OSError as exc:
        raise KeyMissing(f"{file}: {exc.strerror}.") from exc
    except ValueError as exc:
        raise KeyMissing(f"{file}: this is not a certificate in PEM.") from exc


def _load_key(file: Path) -> ec.EllipticCurvePrivateKey:
    try:
        key = load_pem_private_key(file.read_bytes(), password=None)
    except OSError as exc:
        raise KeyMissing(f"{file}: {exc.strerror}.") from exc
    except (ValueError, TypeError) as exc:
        raise KeyMissing(f"{file}: this is not a private key in PEM.") from exc
    if not isinstance(key, ec.EllipticCurvePrivateKey):
        raise KeyMissing(f"{file}: this is not a key of planbank's authority.")
    return key


def _write(folder: Path, name: str, certificate: x509.Certificate, key: ec.EllipticCurvePrivateKey) -> Path:
    """The key first: a certificate without its key is of no use to anybody."""
    path = folder / f"{name}.crt"
    make_folder(path.parent, 0o700)
    pem = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    for file, data, mode in (
        (path.with_suffix(".key"), pem, 0o600),
        (path, certificate.public_bytes(Encoding.PEM), 0o644),
    ):
        fd = create_locked(file, mode)
        try:
            write_all(fd, data)
            os.fsync(fd)
        finally:
            os.close(fd)
    sync_folder(path.parent)
    return path
