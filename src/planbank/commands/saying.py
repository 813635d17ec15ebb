"""What a command says to whoever typed it.

Comes in: words. Goes out: lines on standard output; how far long work is, on a terminal only; the end with
its reason on standard error.
"""

from __future__ import annotations

import sys
from typing import NoReturn


def say(text: str) -> None:
    """A line, at once: a script that reads it does not wait for the end."""
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


def tell(text: str) -> None:
    """How far it is, over what was told before; nothing where nobody looks."""
    if sys.stderr.isatty():
        sys.stderr.write(f"\r{text}")
        sys.stderr.flush()


def end(reason: str, code: int = 1) -> NoReturn:
    """It ends here; the reason stands on the last line."""
    sys.stderr.write(f"{reason}\n")
    sys.exit(code)
