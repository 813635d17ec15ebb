"""From receipt to DVH in one line of time.

Comes in: how the work on a plan set stands. Goes out: steps for parts/timeline.html, each with the
time since the last object was received. A time from before that says nothing here and is left out:
the same bytes may have come earlier, here or from elsewhere (model.md, Tenancy).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from planbank.catalogue.models import Calculation, PlanSet
from planbank.catalogue.queries.one_plan_set import Arrived, Parts, Work
from planbank.web.pages.plans import words
from planbank.web.parts.words import lasting, thin


@dataclass(frozen=True)
class Step:
    """One ring of the timeline; `state` is ok, warn, bad or wait."""

    state: str
    title: str
    when: str = ""
    fact: str = ""


@dataclass(frozen=True)
class Story:
    """Everything that the timeline tells of."""

    plan_set: PlanSet
    parts: Parts
    arrived: Arrived
    analysed: Work
    linked: Work
    calculated: Work
    calculations: list[Calculation]
    link_findings: list[str]
    waits: str = ""
    now: datetime | None = None


def steps_of(story: Story) -> list[Step]:
    """Received, registered, analysed, linked, DVH ready."""
    return [_received(story), _registered(story), _analysed(story), _linked(story), _calculated(story)]


def _received(story: Story) -> Step:
    n = story.arrived.objects
    fact = ngettext("%(n)s object", "%(n)s objects", n) % {"n": thin(n)}
    if story.arrived.senders:
        more = len(story.arrived.senders) - 1
        sender = story.arrived.senders[0]
        fact = _("%(objects)s from %(sender)s") % {"objects": fact, "sender": sender}
        if more:
            fact += " " + ngettext("and %(n)s more sender", "and %(n)s more senders", more) % {"n": more}
    at = timezone.localtime(story.plan_set.last_received_at)
    today = story.now is not None and timezone.localtime(story.now).date() == at.date()
    return Step("ok", _("Received"), date_format(at, "H:i:s" if today else "j M Y, H:i"), fact)


def _registered(story: Story) -> Step:
    again = story.arrived.relations.get("again", 0)
    version = story.arrived.relations.get("version", 0)
    fact = _("every object was new")
    if version:
        fact = ngettext("%(n)s new version", "%(n)s new versions", version) % {"n": thin(version)}
    elif again:
        fact = ngettext("%(n)s sent again", "%(n)s sent again", again) % {"n": thin(again)}
    return Step("ok", _("Registered"), _since(story, story.analysed.due_at), fact)


def _analysed(story: Story) -> Step:
    work = story.analysed
    title = _("Analysed")
    if failed := work.states.get("failed"):
        fact = ngettext("%(n)s object cannot be read", "%(n)s objects cannot be read", failed)
        return Step("bad", title, "", fact % {"n": thin(failed)})
    if due := _open(work):
        fact = ngettext("%(n)s object waits", "%(n)s objects wait", due) % {"n": thin(due)}
        return Step("wait", title, _("waiting"), fact)
    return Step("ok", title, _since(story, work.finished_at), _what_it_is(story))


def _what_it_is(story: Story) -> str:
    plan_set = story.plan_set
    prescription = words.prescription(plan_set.prescription_gy, plan_set.fractions)
    if not words.is_plan(plan_set):
        return _("structure set")
    return ", ".join(word for word in (plan_set.technique, prescription) if word) or _("plan")


def _linked(story: Story) -> Step:
    work = story.linked
    if work.states.get("failed"):
        return Step("bad", _("Linked"), "", " ".join(work.reasons[:1]))
    if _open(work):
        return Step("wait", _("Linked"), _("waiting"))
    n = len(story.link_findings)
    when = _since(story, work.finished_at or story.plan_set.linked_at)
    if n:
        fact = ngettext("%(n)s thing to look at", "%(n)s things to look at", n) % {"n": n}
        return Step("warn", _("Linked"), when, fact)
    return Step("ok", _("Linked"), when, _("all references resolved"))


def _calculated(story: Story) -> Step:
    title = _("DVH ready")
    times = [c.calculated_at for c in story.calculations if c.calculated_at]
    if story.calculated.states.get("failed"):
        return Step("bad", title, "", " ".join(story.calculated.reasons[:1]))
    if not story.calculations:
        return Step("wait", title, _("waiting"), story.waits)
    if len(times) < len(story.calculations) or _open(story.calculated):
        return Step("wait", title, _("waiting"), _("being calculated"))
    n = len(story.calculations)
    fact = ", ".join(sorted({c.algorithm for c in story.calculations if c.algorithm}))
    if n > 1:
        fact = ngettext("%(n)s dose", "%(n)s doses", n) % {"n": n} + f", {fact}"
    return Step("ok", title, _since(story, max(times)), fact)


def _open(work: Work) -> int:
    return sum(work.states.get(state, 0) for state in ("due", "waiting", "later"))


def _since(story: Story, at: datetime | None) -> str:
    """'+ 11 s' after the last object was received; '' for what was done before."""
    if at is None or at < story.plan_set.last_received_at:
        return ""
    passed = at - story.plan_set.last_received_at
    if passed < timedelta(seconds=1):
        return _("at once")
    return f"+ {lasting(passed)}"
