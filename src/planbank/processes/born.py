"""The first moment of a child of `up`: its life is tied to its parent's, then it becomes the process it is.

Comes in: `python born.py PARENT COMMAND...`. Goes out: COMMAND in this process, sent SIGTERM by the
kernel when PARENT ends.

A file of its own, run by path, that loads nothing: between fork and exec in the parent this could
not be done safely, since the parent may have threads there whose locks nobody would release.
"""

from __future__ import annotations

import ctypes
import os
import signal
import sys

_PR_SET_PDEATHSIG = 1


def main(parent: int, command: list[str]) -> None:
    """Become `command`, unless the parent is gone already."""
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM, 0, 0, 0)
    if os.getppid() != parent:  # it ended before the kernel was asked to tell
        sys.exit(1)
    os.execv(command[0], command)


if __name__ == "__main__":
    main(int(sys.argv[1]), sys.argv[2:])
