"""Key files for one process alone, where the processes are apart (own accounts, own machines).

Comes in: the bank's key folder, what the process is, and the folder that is to be its own. Goes out:
copies of what that process needs and of nothing else. So the gate's machine holds no key that opens
a parcel, and the site's account cannot read one (R2).
"""

from __future__ import annotations

import os
import secrets
from typing import TYPE_CHECKING

from planbank.archive.durable import create_locked, make_folder, sync_folder, write_all
from planbank.errors import HomeError
from planbank.transit.keyfiles import read_key_file

if TYPE_CHECKING:
    from pathlib import Path

    from planbank.transit.keys import KeyFolder

NEEDED = {
    "gate": ("transit.pub", "gate.sign", "work.pub"),
    "web": ("transit.pub", "site.sign", "site.pub", "gate.pub", "site.secret"),
    "work": ("transit.key", "transit.pub", "gate.pub", "site.pub", "work.sign", "work.pub", "vault.key"),
    "clock": ("transit.pub", "site.sign", "site.pub", "gate.pub", "site.secret"),
}


def hand_out(keys: KeyFolder, process: str, folder: Path, *, replace: bool = False) -> list[str]:
    """Copy what `process` needs into `folder`; returns the names of the files that were written.

    What lies there already and is the same stays. `folder` is made, for its owner alone; files belong
    to whom the folder belongs to. Raises, before anything is written: KeyMissing for a key that is not
    here; HomeError where `folder` holds a key that this process must not have, or, unless `replace`,
    another key of the same name.
    """
    files = {name: read_key_file(keys.file(name)) for name in NEEDED[process]}
    try:
        make_folder(folder, 0o700)
        _refuse_foreign(keys, process, folder)
        changed = [name for name, content in files.items() if _held(folder / name) != content]
        taken = [name for name in changed if (folder / name).exists()]
        if taken and not replace:
            raise HomeError(
                f"{folder} holds another {taken[0]}. With --replace it is replaced; nothing was changed."
            )
        for name in changed:
            _write(folder / name, files[name])
    except OSError as exc:
        raise HomeError(f"{folder}: {exc.strerror}.") from exc
    return changed


def _refuse_foreign(keys: KeyFolder, process: str, folder: Path) -> None:
    for row in keys.listing():
        if row.name not in NEEDED[process] and (folder / row.name).exists():
            raise HomeError(f"{folder} holds {row.name}, which {process} must not have. Nothing was changed.")


def _held(file: Path) -> bytes | None:
    return file.read_bytes() if file.exists() else None


def _write(file: Path, content: bytes) -> None:
    """Put the file in place by a rename: a process that runs reads the old one or the new one."""
    temporary = file.with_name(f"{file.name}.{secrets.token_hex(8)}.tmp")
    fd = create_locked(temporary, 0o600)
    try:
        owner = file.parent.stat()
        if os.geteuid() == 0:
            os.fchown(fd, owner.st_uid, owner.st_gid)
        write_all(fd, content)
        os.fsync(fd)
        temporary.rename(file)
    finally:
        temporary.unlink(missing_ok=True)
        os.close(fd)
    sync_folder(file.parent)
