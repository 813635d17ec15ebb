"""Whether this site can serve, for whoever watches it.

Comes in: nothing. Goes out: 200 'ok', or 503 and the reason. One SELECT 1 at most: what has been
found true once (migrated, seeded) stays true and is not asked again.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.core.cache import cache
from django.db import DatabaseError, connection
from django.db.migrations.executor import MigrationExecutor
from django.http import HttpResponse

from planbank.pipeline.models import Mark
from planbank.web.pages import PUBLIC, house_of, page

if TYPE_CHECKING:
    from django.http import HttpRequest

    from planbank.house import House

_READY = "healthz-migrated-and-seeded"


@page("healthz", name="healthz", action=PUBLIC)
def healthz(request: HttpRequest) -> HttpResponse:
    """Whether the site can serve; 503 says why not."""
    reason = _reason(house_of(request))
    text, status = ("ok", 200) if not reason else (reason, 503)
    return HttpResponse(f"{text}\n", content_type="text/plain; charset=utf-8", status=status)


@page("robots.txt", name="robots", action=PUBLIC)
def robots(request: HttpRequest) -> HttpResponse:
    """Nothing here is for search engines."""
    return HttpResponse("User-agent: *\nDisallow: /\n", content_type="text/plain; charset=utf-8")


def _reason(house: House) -> str:
    """Why the site cannot serve yet: starting, migrating or seeding; empty when it can."""
    try:
        if cache.get(_READY):
            with connection.cursor() as cursor:
                cursor.execute("SELECT 1")
            return ""
        executor = MigrationExecutor(connection)
        if executor.migration_plan(executor.loader.graph.leaf_nodes()):
            return "migrating"
        if (house.settings.home / "demo").exists() and not Mark.objects.filter(name="seeded").exists():
            return "seeding"
    except DatabaseError:
        return "starting"
    cache.set(_READY, True, timeout=None)
    return ""
