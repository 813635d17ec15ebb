"""One erasure in words: its steps, its proof.

Comes in: an erasure. Goes out: steps for parts/timeline.html, pairs of name and value, the
journal's entry.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from planbank.erasure.models import Erasure
from planbank.journal.models import Entry
from planbank.people.models import User
from planbank.web.parts.words import thin

State = Erasure.State


@dataclass(frozen=True)
class Step:
    """What parts/timeline.html shows of one step."""

    state: str
    title: str
    when: str = ""
    fact: str = ""


def steps_of(row: Erasure) -> list[Step]:
    """Asked, decided, confirmed, erased; or where it ended."""
    steps = [_step(_("Asked"), row.asked_at, row.asked_by, row.reason)]
    if row.kind in (Erasure.Kind.PATIENT, Erasure.Kind.PLAN_SET):
        if row.state == State.REFUSED:
            return [*steps, _step(_("Refused"), row.decided_at, row.decided_by, row.decision, "bad")]
        steps.append(_step(_("The controller decides"), row.decided_at, row.decided_by, row.decision))
        steps.append(_step(_("A second person confirms"), row.confirmed_at, row.confirmed_by))
    steps.append(_step(_("Erased"), row.done_at, None))
    if row.lifted_at:
        steps.append(_step(_("Lifted: the same data can come in again"), row.lifted_at, row.lifted_by))
    return steps


def proof_rows(row: Erasure) -> list[tuple[str, str]]:
    """What went, in numbers; empty until it is begun."""
    told = row.proof
    if not told:
        return []
    names = (
        ("objects", _("Objects")),
        ("files", _("Files in the archive")),
        ("bytes", _("Bytes")),
        ("pictures", _("Pictures")),
        ("arrivals", _("Lines of arrival records")),
        ("parcels", _("Parcels in quarantine")),
        ("marks", _("Tombstones")),
    )
    rows = [(title, thin(told[name])) for name, title in names if name in told]
    rows.append((_("Rows of the database"), thin(sum(told.get("rows", {}).values()))))
    if told.get("marks"):
        rows.append((_("SHA-256 over the tombstones"), told.get("marks_digest", "")))
        rows.append((_("Tombstones in the archive"), told.get("tombstones", "")))
    return rows


def sealed_entry(row: Erasure) -> Entry | None:
    """The journal's entry about it, with its seal."""
    found = Entry.objects.filter(object_kind="erasure", object_id=str(row.pk), action="erase")
    return found.order_by("pk").last()


def _step(title: str, at: datetime | None, by: User | None, fact: str = "", state: str = "ok") -> Step:
    if at is None:
        return Step("wait", title)
    when = date_format(timezone.localtime(at), "Y-m-d H:i")
    said = ", ".join(part for part in (by.name if by else "", fact) if part)
    return Step(state, title, when, said)
