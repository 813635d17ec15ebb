"""`planbank keys`: what keys there are, who needs them, and changing them while the bank runs.

Comes in: settings. Goes out: lines for people, changed key files, parcels sealed anew, and a journal
entry for each change. None of it needs the database, but for the entry: keys are also mended
when nothing else runs.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field

from planbank import boot
from planbank.config import Settings
from planbank.errors import HomeError, KeyMissing, ParcelError, ParcelMissing
from planbank.transit.agekeys import fingerprint, read_keys
from planbank.transit.folder import FolderTray
from planbank.transit.keys import KeyFolder
from planbank.transit.look import Look
from planbank.transit.seal import Recipients
from planbank.transit.signature import Signer, public_keys
from planbank.transit.unseal import Opener


@dataclass
class Needs:
    """What lies in the transit area, by key. Keys are public halves: age1... as bytes, or 32 bytes.

    `opens`: parcels a key opens; `only`: parcels that nothing else here opens, or verifies.
    `unopened`: parcels that no key here opens.
    """

    parcels: int = 0
    unopened: int = 0
    opens: Counter[bytes] = field(default_factory=Counter)
    only: Counter[bytes] = field(default_factory=Counter)

    def count(self, look: Look) -> None:
        self.parcels += 1
        openers = [key.encode() for key in look.opened_by]
        self.opens.update(openers)
        if len(openers) == 1:
            self.only[openers[0]] += 1
        if not openers:
            self.unopened += 1
        if look.signed_with:
            self.only[look.signed_with] += 1


@dataclass
class Resealed:
    """How many parcels were sealed anew, were so already, and could not be, with the first reason."""

    anew: int = 0
    already: int = 0
    failed: int = 0
    reason: str = ""


def key_folder(settings: Settings) -> KeyFolder:
    """The key folder of a home that has one. Raises HomeError."""
    if not settings.keys_dir.is_dir():
        raise HomeError(f"There is no key folder in {settings.home}.")
    return KeyFolder(settings.keys_dir)


def needs(settings: Settings) -> Needs:
    """Look at every waiting and quarantined parcel."""
    return _needs(_tray(settings, key_folder(settings)))


def _needs(tray: FolderTray) -> Needs:
    found = Needs()
    for _parcel_id, look in _looks(tray):
        found.count(look)
    return found


def listing(settings: Settings) -> Iterator[str]:
    """What is there, since when, what each key opens and how many parcels need it."""
    folder = key_folder(settings)
    for row in folder.listing():
        made = f"{row.made_at:%Y-%m-%d %H:%M}" if row.made_at else "missing"
        wrong = "" if row.mode_ok else "  readable by others: chmod it"
        yield f"{row.name:14} {row.fingerprint or '-':22} {made:17} {row.kind}{wrong}"
    try:
        yield from _by_key(folder, needs(settings))
    except KeyMissing as exc:
        yield f"What lies in the transit area cannot be looked at: {exc}"


def _by_key(folder: KeyFolder, found: Needs) -> Iterator[str]:
    yield ""
    yield f"Parcels waiting or in quarantine: {found.parcels}, that no key here opens: {found.unopened}"
    sealed_for = read_keys(folder.file("transit.pub"))
    path = folder.file("transit.key")
    held = read_keys(path) if path.exists() else []
    now = {key.public for key in sealed_for}
    for key in held:
        does = "seals and opens" if key.public in now else "opens what was sealed before"
        public = key.public.encode()
        yield _line(key.fingerprint, f"since {key.since:%Y-%m-%d %H:%M}", does, found, public)
    for key in sealed_for:
        if key.public not in {one.public for one in held}:
            where = (
                f"escrow: {key.label or 'kept elsewhere'}" if key.escrow else "its private half is not here"
            )
            yield f"{key.fingerprint}  since {key.since:%Y-%m-%d %H:%M}  seals; {where}"
    for name in folder.signers():
        public_file = folder.file(f"{name}.pub")
        for number, signing in enumerate(public_keys(public_file) if public_file.exists() else ()):
            raw = signing.public_bytes_raw()
            does = f"{'signs' if not number else 'signed before'} for '{name}'"
            yield f"{fingerprint(raw)}  {does}; parcels that need it: {found.only[raw]}"


def _line(prints: str, since: str, does: str, found: Needs, public: bytes) -> str:
    counts = f"opens {found.opens[public]} parcels, {found.only[public]} of them alone"
    return f"{prints}  {since}  {does}; {counts}"


def reseal(settings: Settings) -> Iterator[Resealed]:
    """Seal every waiting and quarantined parcel for the recipients of now; yields how it stands.

    What is sealed for them already is left, so that a run that was killed goes on where it was.
    """
    folder = key_folder(settings)
    tray = _tray(settings, folder)
    recipients = read_keys(folder.file("transit.pub"))
    held = {key.public for key in read_keys(folder.file("transit.key"))}
    ours = {key.public for key in recipients} & held
    signers = {name: _signer(folder, name) for name in folder.signers()}
    done = Resealed()
    for parcel_id, look in _looks(tray):
        if look.sealed_for == len(recipients) and set(look.opened_by) == ours:
            done.already += 1
        else:
            _reseal_one(tray, parcel_id, signers.get(look.signed_by), done)
        yield done
    yield done


def _reseal_one(tray: FolderTray, parcel_id: str, signer: Signer | None, done: Resealed) -> None:
    """Signed as its depositor where that key lies here, else as the site, which re-sealed it."""
    try:
        tray.reseal(parcel_id, signer)
        done.anew += 1
    except ParcelMissing:
        return  # registered, or decided about, in the meantime
    except ParcelError as exc:
        done.failed += 1
        done.reason = done.reason or str(exc)


def _signer(folder: KeyFolder, name: str) -> Signer | None:
    return folder.signer(name) if folder.file(f"{name}.sign").exists() else None


def _looks(tray: FolderTray) -> Iterator[tuple[str, Look]]:
    for parcel_id in sorted({*tray.waiting(), *tray.quarantined()}):
        try:
            yield parcel_id, tray.look(parcel_id)
        except ParcelMissing:
            continue


def _tray(settings: Settings, folder: KeyFolder) -> FolderTray:
    path = folder.file("transit.key")
    return FolderTray(
        settings.transit_dir,
        recipients=Recipients.load(folder.file("transit.pub")),
        signer=_signer(folder, "site"),
        opener=Opener.load(path) if path.exists() else None,
        verifiers=folder.verifiers(),
    )


def write_down(settings: Settings, action: str, prints: str, **detail: object) -> bool:
    """Journal a change of keys; False where no database answers, which is no reason not to change them."""
    boot.start_django(settings, "command")
    from django.db import DatabaseError, InterfaceError

    from planbank.journal.record import Actor, record

    try:
        at = boot.clock(settings).now()
        record(Actor("command", "keys"), action, at, object_kind="key", object_id=prints, **detail)
    except (DatabaseError, InterfaceError):
        return False
    return True
