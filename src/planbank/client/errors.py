"""What a call can come to.

Comes in: an answer that is an error. Goes out: ApiError, in the words of the bank.
"""

from __future__ import annotations

import json
import urllib.error

TRIES, PAUSE = 4, 0.5  # how often something is asked; seconds before the second time


class ApiError(Exception):
    """The bank refused or could not answer. `status` is 0 where it was not reached."""

    def __init__(self, status: int, title: str, detail: str = "", ask: str = "") -> None:
        said = ". ".join(part for part in (title, detail, f"Ask {ask}" if ask else "") if part)
        super().__init__(said)
        self.status, self.title, self.detail, self.ask = status, title, detail, ask


def refusal(exc: urllib.error.HTTPError) -> ApiError:
    """The bank's own words, where it sent some (RFC 9457)."""
    try:
        said = json.load(exc)
        return ApiError(exc.code, said["title"], said.get("detail", ""), said.get("ask", ""))
    except (ValueError, KeyError, TypeError):
        return ApiError(exc.code, f"The bank answered {exc.code}")
