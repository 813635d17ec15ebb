"""Who asks for what: one person of each kind, and the address of every page for them.

Comes in: the nation's rows. Goes out: people by the name of their kind, and paths.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

# A table of twenty of the thirty structure types, with what people ask for most.
TWENTY = "metrics=Volume,Dmean,D2cc,D95%25&" + "&".join(f"type={n}" for n in range(1, 21))
# Lists as people use them: narrowed and searched.
MORE = (
    *("/plans/?q=hjerte", "/plans/?q=0101", "/plans/?findings=open", "/plans/?findings=bad"),
    *("/plans/?findings=none", "/plans/?institution=AUH", "/plans/?page=40", "/plans/?sort=label"),
    *("/patients/?q=hansen", "/patients/?q=0101", "/patients/?page=40", "/patients/?sort=name"),
    *("/search/?q=hansen", "/search/?q=0101", "/search/?q=zzzz"),
    *("/protocols/1/matrix/?institution=", "/protocols/1/matrix/?institution=&format=csv"),
    *("/protocols/1/statistics/?metrics=Volume,Dmean", f"/protocols/1/statistics/table.csv?{TWENTY}"),
    *("/arrivals/?page=3", "/journal/?action=view", "/services/?state=failed", "/protocols/?q=NATION-00"),
)


def people() -> Iterator[tuple[str, Any]]:
    """One of each kind, from the nation's own grants."""
    from planbank.access.models import Grant
    from planbank.people.models import User

    works = {"affiliations__isnull": False, "is_active": True}
    yield "staff", User.objects.filter(**works, grants__isnull=True).order_by("pk").first()
    masked = Grant.objects.filter(role="reader", scope_kind="protocol", see=2, revoked_at=None)
    yield "masked", masked.order_by("-until", "user").first().user  # type: ignore[union-attr]
    yield "key user", Grant.objects.filter(role="key-user").order_by("pk").first().user  # type: ignore[union-attr]
    yield "admin", User.objects.get(username="admin")


def addresses(user: Any) -> Iterator[str]:
    """The address of every page, with the first row of each kind that this person sees; then `MORE`."""
    from django.urls import NoReverseMatch, reverse
    from django.utils import timezone

    from planbank.access.listing import projects_seen, protocols_seen
    from planbank.access.surface import SITE
    from planbank.catalogue.models import Instance, PatientFile, PlanSet, Series
    from planbank.reach import Reader

    reader, now = Reader(user, timezone.now()), timezone.now()
    rows = {"patient file": PatientFile, "plan set": PlanSet, "series": Series, "instance": Instance}
    first: dict[str, int] = {of: _pk(reader.rows(model)) for of, model in rows.items()}
    scopes = {
        kind: _pk(seen(user, now))
        for kind, seen in [("protocol", protocols_seen), ("project", projects_seen)]
    }
    for door in SITE.values():
        kwargs: dict[str, Any] = {}
        if door.scope:
            kwargs[door.scope] = scopes.get(door.scope, 0)
        if door.of in first:
            kwargs["pk"] = first[door.of]
        if "GET" in door.methods:
            try:
                yield reverse(door.name, kwargs=kwargs)
            except NoReverseMatch:
                continue  # names a row that the nation has none of
    yield from MORE


def _pk(rows: Any) -> int:
    return rows.order_by("pk").values_list("pk", flat=True).first() or 0
