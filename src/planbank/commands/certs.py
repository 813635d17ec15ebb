"""`planbank certs`: certificates for mutual TLS between centres and the gate (PS3.15 Annex B).

Comes in: a folder, and names. Goes out: a CA, certificates signed by it with their keys, all PEM;
and a list of them with the days they have left.

    ca.crt  ca.key                 the authority of this bank: give ca.crt to the centres
    gate.crt  gate.key             what the gate shows
    clients/<name>.crt  .key       what a centre's system shows: its fingerprint goes into its sender
    replaced/                      what was renewed, with its key

No key is ever overwritten. ca.key is needed for signing alone: keep it away from the gate once all is signed.
"""

from __future__ import annotations

import ipaddress
import os
import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

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
from planbank.errors import CertificateThere, KeyMissing, SettingsError
from planbank.people.expiry import days_left, level

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from planbank.config import Settings

CA_DAYS = 3650
LEAF_DAYS = 825

_SERVER, _CLIENT = ExtendedKeyUsageOID.SERVER_AUTH, ExtendedKeyUsageOID.CLIENT_AUTH
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,63}")
_EARLIER = timedelta(minutes=5)  # clocks of two hospitals differ


@dataclass(frozen=True)
class CertificateRow:
    """One line of `planbank certs`. `fingerprint`: SHA-256 in hex, as a sender's `certificates` takes it.

    `state`: 'good', 'soon' (at most 30 days left), 'expired', or 'unreadable' where it is no certificate.
    """

    name: str
    subject: str
    fingerprint: str
    expires_at: datetime | None
    days_left: int
    state: str


def make_authority(folder: Path, organisation: str, *, days: int = CA_DAYS) -> Path:
    """Make `ca.crt` and `ca.key`; gives the certificate's path.

    Raises CertificateThere where one is there: what it signed would be worth nothing any more;
    SettingsError without a name.
    """
    if (folder / "ca.crt").exists() or (folder / "ca.key").exists():
        raise CertificateThere("An authority is never replaced: what it signed would be worth nothing.")
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


def make_server(folder: Path, hosts: Sequence[str], *, days: int = LEAF_DAYS, renew: bool = False) -> Path:
    """Make `gate.crt` and `gate.key` for these host names or addresses; gives the certificate's path.

    With `renew` an older one is put into `replaced/`; the gate takes the new one up by itself.
    Raises CertificateThere without `renew`, KeyMissing without an authority, SettingsError without a host.
    """
    if not hosts:
        raise SettingsError("A host name or address is needed: what the centres call the gate by.")
    names = x509.SubjectAlternativeName([_host(host) for host in hosts])
    # It calls too: reports of storage commitment go to senders that have left.
    return _issue(folder, "gate", hosts[0], [_SERVER, _CLIENT], days, names, renew)


def make_client(
    folder: Path, name: str, *, days: int = LEAF_DAYS, renew: bool = False, listens: bool = False
) -> Path:
    """Make `clients/<name>.crt` and `.key` for one sending system; gives the certificate's path.

    `name`: letters, digits, - and _, the AE title as a rule. With `renew` an older one is put into
    `replaced/`; the new fingerprint is another. `listens`: it can be called by TLS as well, for
    reports of storage commitment. Raises CertificateThere without `renew`, KeyMissing without an
    authority, SettingsError for another name.
    """
    if not _NAME.fullmatch(name):
        raise SettingsError("A client's name has letters, digits, - and _ only, at most 64.")
    usages = [_CLIENT, _SERVER] if listens else [_CLIENT]
    return _issue(folder, f"clients/{name}", name, usages, days, None, renew)


def rows(folder: Path, now: datetime) -> list[CertificateRow]:
    """Every certificate in the folder, the authority and the gate first."""
    first = [file for file in (folder / "ca.crt", folder / "gate.crt") if file.exists()]
    clients = sorted(f for f in (folder / "clients").glob("*.crt") if _NAME.fullmatch(f.stem))
    return [_row(folder, file, now) for file in [*first, *clients]]


def listed(settings: Settings) -> list[dict[str, Any]]:
    """`rows` of a home, for JSON; besides, what the settings name elsewhere."""
    now = datetime.now(UTC)
    found = rows(settings.tls_dir, now)
    certificate, _key, authority = settings.tls_files
    elsewhere = [file for file in (certificate, authority) if file.parent != settings.tls_dir]
    found += [_row(file.parent, file, now) for file in elsewhere if file.exists()]
    return [
        {
            "name": row.name,
            "state": row.state,
            "subject": row.subject,
            "fingerprint": row.fingerprint,
            "not_after": row.expires_at.isoformat() if row.expires_at else "",
            "days_left": row.days_left,
        }
        for row in found
    ]


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
    state = "expired" if expires_at <= now else "soon" if level(expires_at, now) != "ok" else "good"
    subject = certificate.subject.rfc4514_string()
    return CertificateRow(name, subject, fingerprint(file), expires_at, days_left(expires_at, now), state)


def _issue(
    folder: Path,
    name: str,
    common_name: str,
    usages: Sequence[x509.ObjectIdentifier],
    days: int,
    names: x509.SubjectAlternativeName | None,
    renew: bool,
) -> Path:
    there = [file for file in _pair(folder, name) if file.exists()]
    if there and not renew:
        raise CertificateThere(f"{there[0]} is there. To replace it: --renew.")
    authority, signing_key = _load(folder / "ca.crt"), _load_key(folder / "ca.key")
    key = ec.generate_private_key(ec.SECP256R1())
    [organisation] = authority.subject.get_attributes_for_oid(NameOID.ORGANIZATION_NAME)
    subject = _subject(str(organisation.value), common_name)
    builder = (
        _builder(subject, authority.subject, key.public_key(), days)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(_usage(signs_certificates=False), critical=True)
        .add_extension(x509.ExtendedKeyUsage(usages), critical=False)
        .add_extension(
            x509.AuthorityKeyIdentifier.from_issuer_public_key(signing_key.public_key()), critical=False
        )
    )
    if names is not None:
        builder = builder.add_extension(names, critical=False)
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


def _pair(folder: Path, name: str) -> tuple[Path, Path]:
    return folder / f"{name}.key", folder / f"{name}.crt"


def _write(folder: Path, name: str, certificate: x509.Certificate, key: ec.EllipticCurvePrivateKey) -> Path:
    """Both under new names first; then what is there is put aside, and they take its place.

    The key goes first: a certificate without its key is of no use to anybody.
    """
    private, public = _pair(folder, name)
    make_folder(folder, 0o700)
    make_folder(private.parent, 0o700)
    pem = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    for file, data, mode in (
        (private, pem, 0o600),
        (public, certificate.public_bytes(Encoding.PEM), 0o644),
    ):
        _fill(_new(file), data, mode)
    _put_aside(folder, name)
    for file in (private, public):
        _new(file).replace(file)
    sync_folder(private.parent)
    return public


def _new(file: Path) -> Path:
    return file.with_name(f"{file.name}.new")


def _fill(file: Path, data: bytes, mode: int) -> None:
    file.unlink(missing_ok=True)  # of a run that did not come to its end
    fd = create_locked(file, mode)
    try:
        write_all(fd, data)
        os.fsync(fd)
    finally:
        os.close(fd)


def _put_aside(folder: Path, name: str) -> None:
    """A second name for what will be replaced, made of its fingerprint; never two under one name."""
    private, public = _pair(folder, name)
    if not public.exists():
        return
    make_folder(folder / "replaced", 0o700)
    for file in (private, public):
        kept = folder / "replaced" / f"{file.stem}-{fingerprint(public)[:16]}{file.suffix}"
        if file.exists() and not kept.exists():
            kept.hardlink_to(file)
    sync_folder(folder / "replaced")
