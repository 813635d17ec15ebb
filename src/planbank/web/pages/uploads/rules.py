"""The rules by which a browser de-identifies, made from the server's own tables (R19).

Comes in: nothing. Goes out: JSON, the same for everybody; no patient stands behind it.
"""

from __future__ import annotations

import json
from functools import cache

from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_GET

from planbank.deidentify.browser import tables
from planbank.deidentify.profiles import profile_named
from planbank.services.upload.rules import PROFILE
from planbank.web.pages import page

HOUR = 3600


@page("uploads/rules/", name="upload-rules", action="upload.send")
@require_GET
def rules(request: HttpRequest) -> HttpResponse:
    """The table of PS3.15, the data dictionary, the words of the field."""
    answer = HttpResponse(_encoded(), content_type="application/json")
    answer["Cache-Control"] = f"private, max-age={HOUR}"
    return answer


@cache
def _encoded() -> bytes:
    return json.dumps(tables(profile_named(PROFILE)), separators=(",", ":")).encode()
