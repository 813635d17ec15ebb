"""Plans for analysis: the rule of a protocol, patients who need a choice, the choice for one (R159).

Comes in: a protocol, perhaps a plan set of a patient. Goes out: pages; a rule is shown with what it would
decide before it is set, a choice wants a reason and can be taken back. Who sees the pages and may not
change gets 403.
"""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _

from planbank.access.scopes import Scope
from planbank.analysis.actions.ruling import choose, let_rule_decide, set_rule, undo
from planbank.analysis.decide import Part
from planbank.analysis.models import AnalysisChoice, AnalysisRule
from planbank.analysis.queries.decided import candidates_of, choices_of, rule_of
from planbank.analysis.queries.sums import addition_of
from planbank.analysis.words import CANNOT_ADD
from planbank.catalogue.models import PlanSet
from planbank.errors import ChangedMeanwhile, PlanbankError
from planbank.naming.queries.desk import Desk
from planbank.protocols.models import Protocol
from planbank.web.acting import act_of
from planbank.web.pages import page
from planbank.web.pages.analysis.rows import SHOWN, PatientRow, Patients, plan_sets_in, preview, rows_of
from planbank.web.pages.dictionary.desk import context_of, desk_of

PATH = "protocols/<int:protocol>/analysis/"
PER_PAGE = 50


@page(PATH, name="analysis", action="data.list", scope="protocol")
def analysis(request: HttpRequest, protocol: int) -> HttpResponse:
    """The rule, how many need a choice, and who."""
    desk = desk_of(request, Scope("protocol", protocol))
    patients = Patients.of(desk)
    which = request.GET.get("show", "")
    counts = {name: patients.shown(name) for name in SHOWN}
    which = which if which in SHOWN else "open" if counts["open"] else "several"
    part = Paginator(counts[which], PER_PAGE).get_page(request.GET.get("page"))
    rule, tried = rule_of(_protocol(desk)), request.GET.get("rule", "")
    kinds = [(kind.value, kind.label) for kind in AnalysisRule.Kind]
    would = preview(_protocol(desk), tried) if tried in AnalysisRule.Kind.values else None
    context: dict[str, Any] = {
        "page": part,
        "rows": rows_of(desk, patients, part.object_list),
        "options": _options(which, {name: len(its) for name, its in counts.items()}),
        "open": len(counts["open"]),
        "which": which,
        "patients": len(patients.plan_sets),
        "rule": rule,
        "kinds": kinds,
        "chosen": tried or (rule.kind if rule else AnalysisRule.Kind.EVERY),
        "would": would,
        "history": AnalysisRule.objects.filter(protocol=protocol).select_related("set_by")[:20],
    }
    return render(request, "analysis/page.html", context_of(request, desk, "analysis", **context))


@page(PATH + "rule/", name="analysis-rule", action="dictionary.edit", scope="protocol")
def rule(request: HttpRequest, protocol: int) -> HttpResponse:
    """Set the rule that was shown."""
    desk = desk_of(request, Scope("protocol", protocol))
    if request.method == "POST":
        seen = request.POST.get("seen", "")
        try:
            kind = request.POST.get("rule", "")
            set_rule(act_of(request), _protocol(desk), kind, int(seen) if seen.isdecimal() else None)
        except ChangedMeanwhile:
            messages.warning(
                request, _("Somebody set another rule meanwhile. Nothing was saved; look again.")
            )
        except PlanbankError as exc:
            messages.warning(request, exc.detail)
        else:
            messages.success(request, _("The rule is set. Choices made by hand stand over it."))
    return redirect("analysis", protocol)


@page(PATH + "choose/", name="analysis-choose", action="dictionary.edit", scope="protocol")
def chosen(request: HttpRequest, protocol: int) -> HttpResponse:
    """The plans of one patient, named by one of them: these, together, or as the rule has it."""
    desk = desk_of(request, Scope("protocol", protocol))
    named = request.POST.get("plan_set") or request.GET.get("plan_set", "")
    if not named:
        return redirect("analysis", protocol)  # whose plans is chosen there
    patient = _patient(desk, named)
    patients = Patients.of(desk)
    (row,) = rows_of(desk, patients, [patient])
    wrong = ""
    if request.method == "POST":
        try:
            _act(request, desk, row)
        except PlanbankError as exc:
            wrong = exc.detail or str(exc)
        else:
            return redirect("analysis", protocol)
    standing = choices_of(_protocol(desk)).get(patient)
    addition = addition_of(row.decision) if row.decision.how == "together" else None
    past = AnalysisChoice.objects.filter(protocol=protocol, patient=patient).select_related("made_by")
    context = {
        "row": row,
        "lines": [(one, *_typed(request, row, one)) for one in row.plan_sets],
        "reason": request.POST.get("reason", row.decision.reason),
        "standing": standing,
        "not_added": CANNOT_ADD[addition.wrong] if addition and addition.wrong else "",
        "history": [(one, len(one.parts)) for one in past[:20]],
        "wrong": wrong,
    }
    return render(request, "analysis/choose.html", context_of(request, desk, "analysis", **context))


@page(PATH + "undo/", name="analysis-undo", action="dictionary.edit", scope="protocol")
def taken_back(request: HttpRequest, protocol: int) -> HttpResponse:
    """The choice before, or the rule where there was none."""
    desk = desk_of(request, Scope("protocol", protocol))
    named = request.GET.get("plan_set", "")
    if request.method == "POST" and named:
        patient = _patient(desk, named)
        try:
            undo(act_of(request), _protocol(desk), patient)
        except PlanbankError as exc:
            messages.warning(request, exc.detail)
        else:
            messages.success(request, _("Undone."))
    return redirect("analysis", protocol)


def _act(request: HttpRequest, desk: Desk, row: PatientRow) -> None:
    """Save a choice or end it, and say so with the way back."""
    act, owner = act_of(request), _protocol(desk)
    if "rule" in request.POST:
        let_rule_decide(act, owner, row.patient)
        messages.success(request, _("The rule decides again."))
        return
    taken = [one for one in row.plan_sets if str(one.pk) in request.POST.getlist("take")]
    # The rows are veiled for their reader; what is kept is the plan's own UID.
    known = {one.plan_set: one for one in candidates_of(owner, patient=row.patient).get(row.patient, ())}
    parts = [
        Part(known[one.pk].file, known[one.pk].uid, _fractions(request.POST.get(f"fractions-{one.pk}", "")))
        for one in taken
        if one.pk in known
    ]
    keys = [str(one.pk) for one in taken]
    place = keys.index(request.POST["structures"]) if request.POST.get("structures") in keys else 0
    choose(act, owner, row.patient, parts, request.POST.get("reason", ""), place)
    way_back = f"{reverse('analysis-undo', args=[owner.pk])}?plan_set={row.first.pk}"
    messages.success(request, _("Saved. Tables take it from now on."), extra_tags=way_back)


def _fractions(typed: str) -> int | None:
    typed = typed.strip()
    if not typed:
        return None
    return int(typed) if typed.isdecimal() and len(typed) < 5 else 0


def _typed(request: HttpRequest, row: PatientRow, one: PlanSet) -> tuple[bool, str, bool]:
    """Whether a plan is taken, how many fractions of it, whether its structures are used."""
    if request.method == "POST":
        typed = request.POST
        return (
            str(one.pk) in typed.getlist("take"),
            typed.get(f"fractions-{one.pk}", ""),
            typed.get("structures") == str(one.pk),
        )
    decision = row.decision
    taken = not decision.is_open and decision.how != "each" and one.pk in decision.plan_sets
    return taken, str(decision.fractions.get(one.pk, "")), one.pk == decision.structures


def _patient(desk: Desk, plan_set: str) -> int:
    """The patient of a plan set that the reader sees here. Raises Http404."""
    if not plan_set.isdecimal() or len(plan_set) > 18:
        raise Http404
    found = plan_sets_in(desk, [int(plan_set)])
    if not found or found[0].patient_file.patient_id is None:
        raise Http404
    return int(found[0].patient_file.patient_id)


def _protocol(desk: Desk) -> Protocol:
    assert isinstance(desk.owner, Protocol)
    return desk.owner


def _options(which: str, counts: dict[str, int]) -> list[dict[str, Any]]:
    titles = {"open": _("Need a choice"), "hand": _("Chosen by hand"), "several": _("Several plans")}
    return [
        {"title": f"{title} {counts[name]}", "url": f"?show={name}", "current": name == which}
        for name, title in titles.items()
    ]
