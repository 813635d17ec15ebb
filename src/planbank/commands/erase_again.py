"""`planbank erase-again`: what was erased stays erased, also after a restore.

Comes in: a house. Goes out: tombstones of the archive known to the database, and an erasure for each
patient file that holds something erased; the work process carries them out.
"""

from __future__ import annotations

from planbank.house import House


def erase_again(house: House) -> str:
    """Returns what was found, in words."""
    from planbank.erasure.tombstones import remember
    from planbank.services.erase.returned import ask_again

    marks, files = remember(house), ask_again(house)
    if not marks and not files:
        return "nothing that was erased is here"
    return f"{marks} tombstones read from the archive; {files} patient files are being erased again"
