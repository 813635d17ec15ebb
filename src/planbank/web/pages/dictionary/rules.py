"""The structure dictionary of a protocol (R56 to R67; ui.md).

Comes in: a protocol. Goes out: its rules with what they match now, one rule on trial with all it
would do, and pages for types, history, tables and copying. Nothing is saved before it was shown.
"""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _

from planbank.access.scopes import Scope
from planbank.errors import ChangedMeanwhile, NamingError
from planbank.naming.actions.editing import change_rules, undo
from planbank.naming.models import DictionaryRule, Edition
from planbank.naming.queries.desk import Desk
from planbank.naming.table import ALL, HEADS
from planbank.web.acting import act_of
from planbank.web.lists.sheet import as_csv, wants_csv
from planbank.web.pages import page_in
from planbank.web.pages.dictionary.desk import centres_of, context_of, demand_edit, desk_of, may_edit, told
from planbank.web.pages.dictionary.forms import RuleForm
from planbank.web.parts.addresses import there

PATH = "dictionary/"


@page_in(PATH, name="dictionary", action="data.statistics")
def dictionary(request: HttpRequest, where: Scope) -> HttpResponse:
    """The rules; `entry`, `type` and `institution` in the address put a rule on trial; POST saves it."""
    desk = desk_of(request, where)
    if wants_csv(request):
        return _csv(request, desk)
    may = may_edit(request, desk)
    instead = _rule(desk, request.POST.get("rule") or request.GET.get("rule")) if may else None
    form = _form(request, desk, instead)
    if request.method == "POST":
        demand_edit(request, desk)
        if form.is_valid() and _save(request, desk, form, instead):
            return redirect(there(where, "dictionary"))
    tried: dict[str, Any] = {}
    if may and form.is_bound and form.is_valid():
        line = form.line()
        end = [instead.pk] if instead else []
        tried = {"preview": told(desk, desk.preview([line], end)), "line": line}
        if not tried["preview"]["is_safe"] and (better := desk.narrower(line, end)):
            tried["narrower"] = {"entry": better[0].entry, **told(desk, better[1])}
    context = context_of(request, desk, "dictionary", form=form, instead=instead, **tried)
    return render(request, "dictionary/rules.html", {**context, **_rules(request, desk)})


@page_in(PATH + "end/", name="dictionary-end", action="dictionary.edit")
def end(request: HttpRequest, where: Scope) -> HttpResponse:
    """Ask what ending a rule would do, then end it."""
    desk = desk_of(request, where)
    rule = _rule(desk, request.POST.get("rule") or request.GET.get("rule"))
    if rule is None:
        raise Http404
    if request.method == "POST":
        try:
            edition = change_rules(act_of(request), desk.dictionary, None, end=[rule.pk])
        except ChangedMeanwhile:
            messages.warning(request, _("Somebody ended this rule meanwhile."))
        else:
            done(request, desk, edition, _("The rule %(entry)s is ended.") % {"entry": rule.entry})
        return redirect(there(where, "dictionary"))
    context = context_of(
        request, desk, "dictionary", rule=rule, preview=told(desk, desk.preview(end=[rule.pk]))
    )
    return render(request, "dictionary/end.html", context)


@page_in(PATH + "undo/<int:number>/", name="dictionary-undo", action="dictionary.edit")
def undo_edition(request: HttpRequest, where: Scope, number: int) -> HttpResponse:
    """Take one edition back."""
    desk = desk_of(request, where)
    edition = desk.dictionary.editions.filter(number=number).first()
    if edition is None:
        raise Http404
    if request.method == "POST":
        try:
            new = undo(act_of(request), desk.dictionary, desk.dictionary.edition, edition)
        except ChangedMeanwhile:
            messages.warning(request, _("Somebody changed the dictionary at this moment. Try again."))
        else:
            done(request, desk, new, _("Edition %(n)s is undone.") % {"n": number})
        return redirect(there(where, "dictionary"))
    return redirect(there(where, "dictionary-history"))


@page_in(PATH + "history/", name="dictionary-history", action="data.statistics")
def history(request: HttpRequest, where: Scope) -> HttpResponse:
    """Who changed what, and when; newest first."""
    desk = desk_of(request, where)
    rows = desk.dictionary.editions.select_related("by").prefetch_related(
        "rules_added__structure_type",
        "rules_ended__structure_type",
        "rules_added__institution",
        "rules_ended__institution",
    )
    context = context_of(request, desk, "dictionary", editions=rows[:200])
    return render(request, "dictionary/history.html", context)


def done(request: HttpRequest, desk: Desk, edition: Edition, said: str) -> None:
    """Say that it is saved, with the way back."""
    way_back = there(Scope.of(desk.owner), "dictionary-undo", edition.number)
    messages.success(request, said, extra_tags=way_back)


def _form(request: HttpRequest, desk: Desk, instead: DictionaryRule | None) -> RuleForm:
    centres = centres_of(desk)
    if request.method == "POST":
        return RuleForm(request.POST, desk, centres)
    values = {"edition": desk.dictionary.edition}
    if instead is not None:
        values |= {
            "entry": instead.entry,
            "type": instead.structure_type_id,
            "institution": instead.institution_id,
        }
    if request.GET.get("entry", "").strip():
        return RuleForm({**values, **request.GET.dict()}, desk, centres)
    return RuleForm(None, desk, centres, initial=values)


def _save(request: HttpRequest, desk: Desk, form: RuleForm, instead: DictionaryRule | None) -> bool:
    line, ends = form.line(), [instead.pk] if instead else []
    try:
        seen = form.cleaned_data["edition"]
        edition = change_rules(act_of(request), desk.dictionary, seen or 0, [line], ends)
    except ChangedMeanwhile:
        form.add_error(
            None,
            _("Somebody changed the dictionary meanwhile. What you typed is still here: look, then save."),
        )
        desk.dictionary.refresh_from_db()
        form.data = {**request.POST.dict(), "edition": desk.dictionary.edition}  # type: ignore[assignment]
        return False
    except NamingError as exc:
        form.add_error("entry", exc.detail or str(exc))
        return False
    done(request, desk, edition, _("Saved. Matrix, statistics and CSV follow at once."))
    return True


def _rule(desk: Desk, pk: str | None) -> DictionaryRule | None:
    if not pk or not pk.isdecimal() or len(pk) > 18:
        return None
    rows = desk.dictionary.rules.select_related("structure_type", "institution")
    return rows.filter(pk=int(pk), ended_in__isnull=True).first()


def _rules(request: HttpRequest, desk: Desk) -> dict[str, Any]:
    """The rules as they stand, filtered and sorted as the address says."""
    words = request.GET.get("q", "").strip()
    rows = desk.dictionary.rules.filter(ended_in__isnull=True)
    rows = rows.select_related("structure_type", "institution", "added_in__by")
    matched = desk.matched()
    found = [row for row in rows if words.casefold() in f"{row.entry} {row.structure_type}".casefold()]
    keys = {
        "entry": lambda row: (row.entry.casefold(), row.pk),
        "type": lambda row: (row.structure_type.name.casefold(), row.entry.casefold()),
        "matched": lambda row: (matched[row.pk], row.entry.casefold()),
        "made": lambda row: row.added_in.number,
    }
    sort = request.GET.get("sort", "type")
    found.sort(key=keys.get(sort.removeprefix("-"), keys["type"]), reverse=sort.startswith("-"))
    return {
        "rules": [(row, matched[row.pk]) for row in found],
        "count": len(rows),
        "words": words,
        "sort": sort,
        "has_types": bool(desk.columns),
    }


def _csv(request: HttpRequest, desk: Desk) -> HttpResponse:
    rows = desk.dictionary.rules.filter(ended_in__isnull=True).select_related("structure_type", "institution")
    lines = [
        (row.entry, row.structure_type.name, row.institution.code if row.institution else ALL)
        for row in rows.order_by("structure_type__name", "entry")
    ]
    act_of(request).journal("take out list", **desk.owner.named, rows=len(lines))
    return as_csv(f"dictionary-{desk.owner.short_name}-{desk.dictionary.edition}", HEADS, lines)
