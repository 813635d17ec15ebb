"""The findings on a plan set as the kit shows them: gravest first, equal ones once.

Comes in: rows of Finding on a plan set and on its objects. Goes out: lists for parts/finding.html.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from planbank.catalogue.finding_words import FindingWords, finding_in_words
from planbank.catalogue.models import Finding
from planbank.catalogue.told_once import told_once

PLACED = frozenset(
    {
        *("images-incomplete", "isocentre-beyond-images", "dose-off-images"),
        *("dose-far-from-prescription", "dose-per-fraction"),
    }
)
"""Codes that the viewer can lead to (web/pages/scene/places.py)."""
GRAVITY = {"bad": 0, "warn": 1, "info": 2}


@dataclass(frozen=True)
class Shown:
    """Open findings as items, their codes in words, and closed ones as items where they are asked for."""

    items: list[dict[str, Any]] = field(default_factory=list)
    codes: dict[str, str] = field(default_factory=dict)
    closed: int = 0
    closed_items: list[dict[str, Any]] = field(default_factory=list)

    @property
    def worst(self) -> str:
        return self.items[0]["state"] if self.items else ""

    @property
    def sub(self) -> str:
        """'1 needs a fix, 2 to look at'"""
        counts = {state: sum(i["state"] == state for i in self.items) for state in GRAVITY}
        said = [
            (counts["bad"], ngettext("%(n)s needs a fix", "%(n)s need a fix", counts["bad"])),
            (counts["warn"], ngettext("%(n)s to look at", "%(n)s to look at", counts["warn"])),
            (counts["info"], ngettext("%(n)s to know", "%(n)s to know", counts["info"])),
        ]
        return ", ".join(words % {"n": n} for n, words in said if n)


def shown(rows: Iterable[Finding], *, closed: bool, link: bool = True) -> Shown:
    """Findings, open and closed, newest first, as they are read; `link`: with the way to the objects."""
    found = list(rows)
    open_items, codes = _items(told_once(row for row in found if row.closed_at is None))
    if not link:
        for item in open_items:
            item["actions"] = []
    ended = [row for row in found if row.closed_at is not None]
    closed_items, _codes = _items(ended)
    if closed:
        for item in closed_items:
            item["text"] = _("Closed: its cause is gone.")
            item["safe"] = item["todo"] = ""
    return Shown(open_items, codes, len(closed_items), closed_items if closed else [])


def with_places(items: list[dict[str, Any]], plan_set: int) -> None:
    """Give those that know their place the way to it in the viewer (R102)."""
    viewer = reverse("viewer", args=[plan_set])
    for item in items:
        if item["code"] in PLACED:
            way = {"url": f"{viewer}?finding={item['code']}", "title": _("See it in the viewer")}
            item["actions"] = [*item["actions"], way]


def link_findings(rows: Iterable[Finding]) -> list[str]:
    """Codes that link found and somebody should look at."""
    codes = [row.code for row in rows if row.source == "link" and row.subject_kind == "plan set"]
    return [code for code in dict.fromkeys(codes) if finding_in_words(code, {}).state in ("bad", "warn")]


def _items(rows: list[Finding]) -> tuple[list[dict[str, Any]], dict[str, str]]:
    """One item for findings that say the same; what they are about is told apart by its objects."""
    alike: dict[tuple[str, str], list[Finding]] = {}
    codes: dict[str, str] = {}
    for row in rows:
        said = finding_in_words(row.code, row.params, row.about)
        codes.setdefault(row.code, said.title)
        alike.setdefault((row.code, said.title), []).append(row)
    items = [_item(group) for group in alike.values()]
    items.sort(key=lambda item: GRAVITY[item["state"]])
    return items, codes


def _item(group: list[Finding]) -> dict[str, Any]:
    first = group[0]
    said: FindingWords = finding_in_words(first.code, first.params, first.about)
    objects = sorted({instance for row in group if (instance := _object_of(row)) is not None})
    title = said.title if len(objects) < 2 else f"{said.title} {_('On %(n)s objects.') % {'n': len(objects)}}"
    actions = []
    if objects:
        verb = _("See the object") if len(objects) == 1 else _("See the first")
        actions = [{"url": reverse("instance", args=[objects[0]]), "title": verb}]
    return {
        "code": first.code,
        "state": said.state,
        "word": said.word,
        "title": title,
        "text": "",
        "safe": said.safe,
        "todo": said.todo,
        "actions": actions,
    }


def _object_of(row: Finding) -> int | None:
    """The object a finding is about: its subject, or as link writes it on the plan set."""
    if row.subject_kind == "instance":
        return row.subject_id
    number = row.about.removeprefix("object ")
    return int(number) if row.about.startswith("object ") and number.isdigit() else None
