"""A large file, streamed to disk, that goes on where it broke off (RFC 9110, sections 13.1.5 and 14).

Comes in: an address, a token, a path. Goes out: the file, whole. Beside it, while it is not, lie a part and
the mark of what it is a part of: a file that became another one is begun anew.
"""

from __future__ import annotations

import http.client
import shutil
import time
import urllib.error
import urllib.request
from pathlib import Path

from planbank.client.errors import PAUSE, TRIES, ApiError, refusal

PIECE = 1 << 20


def fetch(address: str, token: str, path: Path, timeout: float) -> Path:
    """Write what lies at `address` to `path`. Raises ApiError; what came so far stays for the next try."""
    part = path.with_name(path.name + ".part")
    for left in reversed(range(TRIES)):
        before = part.stat().st_size if part.exists() else 0
        try:
            if _more(address, token, part, timeout):
                part.replace(path)
                _mark_of(part).unlink(missing_ok=True)
                return path
        except urllib.error.HTTPError as exc:
            if exc.code not in (502, 503, 504) or not left:
                raise refusal(exc) from None
        except (OSError, http.client.HTTPException) as exc:
            if not left:
                raise ApiError(0, "The download broke off; call it again to go on", str(exc)) from None
        if not left and part.exists() and part.stat().st_size <= before:
            break
        time.sleep(PAUSE * (TRIES - left))
    raise ApiError(0, "The download broke off; call it again to go on")


def _more(address: str, token: str, part: Path, timeout: float) -> bool:
    """Fetch what is missing; whether it is whole now."""
    headers = {"Authorization": f"Bearer {token}"}
    have = part.stat().st_size if part.exists() and _mark_of(part).exists() else 0
    if have:
        headers |= {"Range": f"bytes={have}-", "If-Range": _mark_of(part).read_text("ascii")}
    request = urllib.request.Request(address, headers=headers)  # noqa: S310
    try:
        answer = urllib.request.urlopen(request, timeout=timeout)  # noqa: S310
    except urllib.error.HTTPError as exc:
        if exc.code == 416 and exc.headers["Content-Range"] == f"bytes */{have}":
            return True  # it broke off after its last byte
        raise
    with answer, part.open("ab" if answer.status == 206 else "wb") as file:
        if answer.status == 206:
            size = int(answer.headers["Content-Range"].rpartition("/")[2])
        else:
            size = int(answer.headers["Content-Length"])
            _mark_of(part).write_text(answer.headers["ETag"], "ascii")
        shutil.copyfileobj(answer, file, PIECE)
        return file.tell() == size


def _mark_of(part: Path) -> Path:
    return part.with_name(part.name + ".tag")
