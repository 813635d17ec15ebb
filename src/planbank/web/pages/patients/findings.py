"""Findings as the kit shows them.

Comes in: open findings on a patient file or an object. Goes out: a list for parts/finding.html,
gravest first, each with the way to what it is about.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.db.models import QuerySet
from django.urls import reverse
from django.utils.translation import gettext as _

from planbank.catalogue.finding_words import finding_in_words
from planbank.catalogue.models import Finding, Instance, PatientFile

MOST = 20
_GRAVITY = {"bad": 0, "warn": 1, "info": 2, "ok": 3}


@dataclass(frozen=True)
class Shown:
    """The findings shown, and how many there are."""

    items: list[dict[str, Any]] = field(default_factory=list)
    total: int = 0
    newest: datetime | None = None

    @property
    def left_out(self) -> int:
        return self.total - len(self.items)

    @property
    def worst(self) -> str:
        return self.items[0]["state"] if self.items else "ok"


def findings_of(file: PatientFile) -> Shown:
    """What is open on a patient file. Equal findings on many objects are said once, with their number."""
    rows = Finding.objects.filter(patient_file=file, closed_at__isnull=True)
    return _shown(rows.order_by("-opened_at", "-pk"), link=True)


def findings_on(instance: Instance) -> Shown:
    """What is open on one object."""
    rows = Finding.objects.filter(subject_kind="instance", subject_id=instance.pk, closed_at__isnull=True)
    return _shown(rows.order_by("-opened_at", "-pk"), link=False)


def _shown(rows: QuerySet[Finding], link: bool) -> Shown:
    found = list(rows[:2000])
    alike: dict[tuple[str, str, str], list[Finding]] = {}
    for row in found:
        alike.setdefault((row.subject_kind, row.code, row.about), []).append(row)
    items = [_item(group, link) for group in alike.values()]
    items.sort(key=lambda item: _GRAVITY[item["state"]])
    return Shown(items[:MOST], len(alike), found[0].opened_at if found else None)


def _many(kind: str, n: int) -> str:
    """On how many things one finding is open."""
    said = {
        "instance": _("On %(n)s objects."),
        "plan set": _("On %(n)s plan sets."),
        "study": _("On %(n)s studies."),
    }
    return said.get(kind, _("%(n)s times.")) % {"n": n}


def _item(group: list[Finding], link: bool) -> dict[str, Any]:
    first = group[0]
    said = finding_in_words(first.code, first.params, first.about)
    objects = [row for row in group if row.subject_kind == "instance"]
    title = said.title
    if len(group) > 1:
        title = f"{title} {_many(first.subject_kind, len(group))}"
    actions = []
    if link and objects:
        url = reverse("instance", args=[objects[0].subject_id])
        actions = [{"url": url, "title": _("See the object") if len(objects) == 1 else _("See the newest")}]
    elif link and first.subject_kind == "plan set":
        actions = [{"url": reverse("plan", args=[first.subject_id]), "title": _("See the plan")}]
    return {
        "state": said.state,
        "word": said.word,
        "title": title,
        "safe": said.safe,
        "todo": said.todo,
        "actions": actions,
    }
