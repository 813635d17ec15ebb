"""Who asks: the person behind a token.

Comes in: the header `Authorization: Bearer pbk_...`. Goes out: `request.reader` and `request.token`.
"""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest
from ninja.security import HttpBearer

from planbank.access.standing import remember
from planbank.access.tokens import find, scope_of
from planbank.errors import PlanbankError
from planbank.reach import Reader

SAFE = ("GET", "HEAD", "OPTIONS")


class ReadOnly(PlanbankError):
    """This token only reads."""


class Bearer(HttpBearer):
    """A token in force; anything else is 401, writing with one that only reads 403."""

    def authenticate(self, request: HttpRequest, token: str) -> Any:
        at = request.house.clock.now()  # type: ignore[attr-defined]
        found = find(token, at)
        if found is None:
            return None
        if not found.may_write and request.method not in SAFE:
            raise ReadOnly
        remember(found.user)
        request.reader = Reader(found.user, at, scope_of(found))  # type: ignore[attr-defined]
        request.token = found  # type: ignore[attr-defined]
        return found
