"""Types, tables and copying: the rest of a dictionary's pages (R37, R67, R68).

Comes in: a protocol. Goes out: pages that show what a change would do before it is saved.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any
from urllib.parse import urlencode

from django.contrib import messages
from django.core.paginator import Paginator
from django.db.models import Q
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from planbank.access.listing import protocols_seen
from planbank.access.scopes import Scope
from planbank.errors import ChangedMeanwhile, NamingError
from planbank.naming.actions.copying import copy_rules, offer_of
from planbank.naming.actions.editing import Line, change_rules
from planbank.naming.actions.types import retire_type, save_type
from planbank.naming.models import DictionaryRule, Edition
from planbank.naming.queries.desk import Desk
from planbank.naming.queries.dictionaries import dictionary_of
from planbank.naming.table import read_table
from planbank.people.models import Institution, User
from planbank.protocols.models import Project, Protocol, ReuseRequest, StructureType
from planbank.web.acting import act_of
from planbank.web.pages import page_in
from planbank.web.pages.dictionary.desk import centres_of, context_of, desk_of, told
from planbank.web.pages.dictionary.forms import CopyForm, TableForm, TypeForm
from planbank.web.pages.dictionary.rules import PATH, done
from planbank.web.parts.addresses import there

PER_PAGE = 40
APPROVED = Q(state=ReuseRequest.State.APPROVED)


@page_in(PATH + "types/", name="dictionary-types", action="dictionary.edit")
def types(request: HttpRequest, where: Scope) -> HttpResponse:
    """The structure types: make, change."""
    desk = desk_of(request, where)
    row = _type(desk, request.POST.get("type") or request.GET.get("type"))
    start: dict[str, Any] = {"edition": desk.dictionary.edition, "need": StructureType.Need.OPTIONAL}
    if row is not None:
        start |= {name: getattr(row, name) for name in ("name", "need", "description", "expression")}
    form = TypeForm(request.POST or None, initial=start)
    if request.method == "POST" and form.is_valid():
        try:
            save_type(act_of(request), desk.dictionary, form.cleaned_data["edition"] or 0, form.wish(), row)
        except ChangedMeanwhile:
            form.add_error(None, _meanwhile())
        except NamingError as exc:
            form.add_error("expression" if form.cleaned_data["expression"] else "name", exc.detail)
        else:
            messages.success(request, _("Saved."))
            return redirect(there(where, "dictionary-types"))
    rows = [(one, desk.matrix.found[one.pk]) for one in desk.types]
    context = context_of(request, desk, "dictionary", form=form, row=row, rows=rows, plans=len(desk.rows))
    return render(request, "dictionary/types.html", context)


@page_in(PATH + "types/retire/", name="dictionary-retire", action="dictionary.edit")
def retire(request: HttpRequest, where: Scope) -> HttpResponse:
    """Take a type out of use, with its rules."""
    desk = desk_of(request, where)
    row = _type(desk, request.POST.get("type") or request.GET.get("type"))
    if row is None:
        raise Http404
    rules = row.rules.filter(ended_in__isnull=True).count()
    if request.method == "POST":
        try:
            edition = retire_type(act_of(request), desk.dictionary, None, row)
        except NamingError as exc:
            messages.warning(request, exc.detail)
        else:
            done(request, desk, edition, _("%(name)s is out of use.") % {"name": row.name})
        return redirect(there(where, "dictionary-types"))
    context = context_of(request, desk, "dictionary", row=row, rules=rules)
    return render(request, "dictionary/retire.html", context)


@page_in(PATH + "import/", name="dictionary-import", action="dictionary.edit")
def table(request: HttpRequest, where: Scope) -> HttpResponse:
    """A CSV: read, shown line by line with what it would do, then saved."""
    desk = desk_of(request, where)
    form = TableForm(
        request.POST or None, request.FILES or None, initial={"edition": desk.dictionary.edition}
    )
    context: dict[str, Any] = {}
    if request.method == "POST" and form.is_valid():
        try:
            codes = {row.code: row.pk for row in centres_of(desk)}
            read = read_table(form.cleaned_data["text"], {t.name: t.pk for t in desk.columns}, codes)
            lines = [one.line for one in read if one.line is not None]
            if "save" in request.POST:
                return _import(request, desk, form, lines)
            context = {
                "wrong": [one for one in read if one.wrong],
                "lines": lines,
                "preview": told(desk, desk.preview(lines)),
                "text": form.cleaned_data["text"],
            }
        except ChangedMeanwhile:
            form.add_error(None, _meanwhile())
        except NamingError as exc:
            form.add_error("file", exc.detail)
    return render(
        request, "dictionary/import.html", context_of(request, desk, "dictionary", form=form, **context)
    )


@page_in(PATH + "copy/", name="dictionary-copy", action="dictionary.edit")
def copy(request: HttpRequest, where: Scope) -> HttpResponse:
    """Take the rules of another protocol over."""
    desk = desk_of(request, where)
    act = act_of(request)
    assert act.user is not None
    sources = _sources(act.user, act.at, desk.owner)
    start = {"edition": desk.dictionary.edition}
    form = CopyForm(request.POST or request.GET or None, sources, initial=start)
    context: dict[str, Any] = {"sources": sources}
    if form.is_bound and form.is_valid():
        source = dictionary_of(next(row for row in sources if row.pk == form.cleaned_data["source"]))
        if request.method == "POST":
            try:
                edition = copy_rules(act, source, desk.dictionary, form.cleaned_data["edition"] or 0)
            except ChangedMeanwhile:
                form.add_error(None, _meanwhile())
            else:
                done(request, desk, edition, _("The rules of %(name)s are here.") % {"name": source.owner})
                return redirect(there(where, "dictionary"))
        offer = offer_of(source, desk.dictionary)
        known = {row.name.casefold(): row.pk for row in desk.columns}
        lines = [Line(e, known[t.casefold()], c) for e, t, c in offer.lines if t.casefold() in known]
        preview = told(desk, desk.preview(lines))
        context |= {"offer": offer, "source": source.owner, "preview": preview}
    return render(
        request, "dictionary/copy.html", context_of(request, desk, "dictionary", form=form, **context)
    )


@page_in(PATH + "unmapped/", name="dictionary-unmapped", action="dictionary.edit")
def unmapped(request: HttpRequest, where: Scope) -> HttpResponse:
    """Names that stand for nothing yet, each with what it most likely means (R154)."""
    desk = desk_of(request, where)
    every = desk.unmapped()
    shown = desk.shown({one.name for one in every})
    codes = dict(Institution.objects.values_list("pk", "code"))
    names = {row.pk: row.name for row in desk.columns}
    part = Paginator([one for one in every if one.name in shown], PER_PAGE).get_page(request.GET.get("page"))
    lines = [
        {
            "name": one.name,
            "rois": one.rois,
            "codes": sorted(codes[pk] for pk in one.institutions),
            "means": [
                (names[its.type], its.type, its.why.name, its.score) for its in desk.suggest(one.name)[:3]
            ],
        }
        for one in part
    ]
    hidden = sum(one.rois for one in every if one.name not in shown)
    swapped = [{"entry": entry, "type": type_, "rule": rule.id} for rule, entry, type_ in desk.swapped()]
    context = context_of(
        request, desk, "dictionary", page=part, lines=lines, hidden=hidden, swapped=swapped, has_types=names
    )
    return render(request, "dictionary/unmapped.html", context)


@page_in(PATH + "propose/", name="dictionary-propose", action="dictionary.edit")
def propose(request: HttpRequest, where: Scope) -> HttpResponse:
    """Open the form of a new rule with the most general safe entry for a name."""
    desk = desk_of(request, where)
    row = _type(desk, request.GET.get("type"))
    name = request.GET.get("name", "").strip()[:64]
    if row is None or row.expression or not name:
        messages.warning(request, _("This name or structure type is no longer there. Choose again."))
        return redirect(there(where, "dictionary-unmapped"))
    found = desk.safe_entry(name, row.pk)
    query = urlencode({"entry": found.rule.entry, "type": row.pk})
    return redirect(f"{there(where, 'dictionary')}?{query}#rule")


def _sources(user: User, at: datetime, owner: Protocol | Project) -> list[Protocol]:
    """Protocols with rules whose statistics this person sees; for a project also those that it may use."""
    found = Q(pk__in=protocols_seen(user, at, action="data.statistics").values("pk"))
    if isinstance(owner, Project):
        found |= Q(pk__in=owner.reuse.filter(APPROVED, since__lte=at, until__gt=at).values("protocol"))
    else:
        found &= ~Q(pk=owner.pk)
    with_rules = DictionaryRule.objects.filter(ended_in__isnull=True).values("dictionary__protocol")
    return list(Protocol.objects.filter(found, pk__in=with_rules))


def _import(request: HttpRequest, desk: Desk, form: TableForm, lines: list[Line]) -> HttpResponse:
    seen = form.cleaned_data["edition"] or 0
    edition = change_rules(act_of(request), desk.dictionary, seen, lines, kind=Edition.Kind.IMPORT)
    count = edition.params["added"]
    said = ngettext("%(n)s rule was added.", "%(n)s rules were added.", count) % {"n": count}
    done(request, desk, edition, said)
    return redirect(there(Scope.of(desk.owner), "dictionary"))


def _type(desk: Desk, pk: str | None) -> StructureType | None:
    if not pk or not pk.isdecimal() or len(pk) > 18:
        return None
    return next((row for row in desk.types if row.pk == int(pk)), None)


def _meanwhile() -> str:
    return _("Somebody changed the dictionary meanwhile. Nothing was saved; look again, then save.")
