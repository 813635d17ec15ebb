"""Running PostgreSQL, which refuses root, from a process that is root.

Comes in: an account name. Goes out: a function for the moment between fork and exec. Where the
home or the program lies below a folder that only root may enter (/root, a test's folder), one
capability lets the database pass through it; nobody's permissions are changed.
"""

from __future__ import annotations

import ctypes
import os
import pwd
import shutil
import signal
import subprocess
from collections.abc import Callable
from pathlib import Path

from planbank.errors import HomeError

ACCOUNT = "planbank"
_PR_SET_PDEATHSIG, _PR_SET_KEEPCAPS, _PR_CAP_AMBIENT, _AMBIENT_RAISE = 1, 8, 47, 2
# capabilities(7): READ_SEARCH is enough, containers often have only DAC_OVERRIDE.
_CAP_DAC_OVERRIDE, _CAP_DAC_READ_SEARCH = 1, 2
_CAPABILITY_VERSION_3 = 0x20080522
# initdb asks access(2) for its postgres, which forgets the capabilities of who is not root without this.
_PR_SET_SECUREBITS, _NO_SETUID_FIXUP = 28, 1 << 2


class _Header(ctypes.Structure):
    _fields_ = [("version", ctypes.c_uint32), ("pid", ctypes.c_int)]


class _Data(ctypes.Structure):
    _fields_ = [(n, ctypes.c_uint32) for n in ("effective", "permitted", "inheritable")]


def database_account() -> pwd.struct_passwd | None:
    """The account the database runs as; None where this process is not root and needs none."""
    if os.geteuid() != 0:
        return None
    try:
        return pwd.getpwnam(ACCOUNT)
    except KeyError:
        pass
    useradd = shutil.which("useradd", path="/usr/sbin:/sbin:/usr/bin:/bin")
    if useradd is None:
        raise HomeError(
            "PostgreSQL does not run as root, and there is no useradd to make an account for it. "
            "Run planbank as another user, or set PLANBANK_DATABASE_URL."
        )
    command = [useradd, "--system", "--no-create-home", "--shell", "/usr/sbin/nologin", ACCOUNT]
    subprocess.run(command, check=True, capture_output=True)
    return pwd.getpwnam(ACCOUNT)


def before_exec(account: pwd.struct_passwd | None, *paths: Path) -> Callable[[], None]:
    """What the child does before it becomes PostgreSQL: end with its parent, and stop being root."""
    libc = ctypes.CDLL(None, use_errno=True)
    # Looked up now: after the fork another thread's hold on the loader's lock would never end.
    prctl, capset = libc.prctl, libc.capset
    capability = None
    if account is not None and not all(_open_to_all(path) for path in paths):
        capability = _held_capability(libc)

    def prepare() -> None:
        if account is not None:
            if capability is not None:
                prctl(_PR_SET_SECUREBITS, _NO_SETUID_FIXUP, 0, 0, 0)
            prctl(_PR_SET_KEEPCAPS, 1, 0, 0, 0)
            os.setgroups([account.pw_gid])
            os.setresgid(account.pw_gid, account.pw_gid, account.pw_gid)
            os.setresuid(account.pw_uid, account.pw_uid, account.pw_uid)
            if capability is not None:
                _keep_only(prctl, capset, capability)
        # After setuid, which clears it: a killed supervisor takes the database down in good order.
        prctl(_PR_SET_PDEATHSIG, signal.SIGINT, 0, 0, 0)

    return prepare


def _open_to_all(path: Path) -> bool:
    return all(parent.stat().st_mode & 0o001 for parent in path.resolve().parents)


def _held_capability(libc: ctypes.CDLL) -> int | None:
    data = (_Data * 2)()
    libc.capget(ctypes.byref(_Header(_CAPABILITY_VERSION_3, 0)), data)
    for capability in (_CAP_DAC_READ_SEARCH, _CAP_DAC_OVERRIDE):
        if data[0].permitted & (1 << capability):
            return capability
    return None


def _keep_only(prctl: Callable[..., int], capset: Callable[..., int], capability: int) -> None:
    data = (_Data * 2)()
    data[0].effective = data[0].permitted = data[0].inheritable = 1 << capability
    capset(ctypes.byref(_Header(_CAPABILITY_VERSION_3, 0)), data)
    prctl(_PR_CAP_AMBIENT, _AMBIENT_RAISE, capability, 0, 0)
