"""The forward queue: what goes where, how far it is, what did not go and why (R91).

Comes in: requests of those who see the data, or look after the protocol. Goes out: pages; acts go
through delivery/asking.py and are journalled.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django import forms
from django.contrib import messages
from django.core.paginator import Paginator
from django.db.models import Case, IntegerField, QuerySet, Value, When
from django.db.models.functions import Length
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from django.views.decorators.http import require_POST

from planbank.access.policy import institutions_of
from planbank.catalogue.models import PlanSet
from planbank.catalogue.queries.totals import count_to
from planbank.delivery import asking
from planbank.delivery.models import Delivery, Destination, Forward
from planbank.delivery.rules import why_not, why_not_patient
from planbank.delivery.words import status_words, words
from planbank.errors import DeliveryError
from planbank.people.models import User
from planbank.protocols.act import Act
from planbank.protocols.models import Membership, Protocol
from planbank.web.acting import act_of
from planbank.web.lists.filters import Filters
from planbank.web.lists.sheet import as_csv, wants_csv
from planbank.web.pages import Menu, house_of, page
from planbank.web.pages.forwarding.rows import lines, may_act, seen
from planbank.web.pages.plans import words as plan_words
from planbank.web.reach import note, one_of, unveil_labels

SIZE, OBJECTS, MOST_HELD, PORTION = 50, 100, 1000, 500
SORTS = {
    "asked": ("asked_at", "pk"),
    "destination": ("destination__name", "asked_at", "pk"),
    "protocol": ("protocol__short_name", "asked_at", "pk"),
}
_SORTED = ("version__modality", Length("version__instance_number"), "version__instance_number", "pk")
_WORST = ["refused", "failed", "withheld", "sending", "waiting", "cancelled", "delivered"]


def _held(request: HttpRequest) -> tuple[int, bool] | None:
    """How many wait for a click of this person. Mostly none does, so that is asked first."""
    held = Forward.objects.filter(state=Forward.State.HELD)
    count = count_to(seen(request).filter(pk__in=held.values("pk")), MOST_HELD) if held.exists() else 0
    return (count, True) if count else None


_SHOWN = Menu("data", gettext_lazy("Forwarding"), "send", 35, _held)


class ForwardFilters(Filters):
    """By destination, protocol and state."""

    destination = forms.ModelChoiceField(
        Destination.objects.none(),
        required=False,
        label=gettext_lazy("Destination"),
        empty_label=gettext_lazy("All"),
    )
    protocol = forms.ModelChoiceField(
        Protocol.objects.none(),
        required=False,
        label=gettext_lazy("Protocol"),
        empty_label=gettext_lazy("All"),
    )
    state = forms.ChoiceField(
        label=gettext_lazy("State"),
        required=False,
        choices=[
            ("", gettext_lazy("All")),
            ("held", gettext_lazy("waits for a click")),
            ("going", gettext_lazy("on its way")),
            ("problem", gettext_lazy("something did not go")),
            ("delivered", gettext_lazy("delivered")),
        ],
    )

    def __init__(self, data: Any, rows: QuerySet[Forward]) -> None:
        super().__init__(data)
        ids = rows.order_by().values
        self.fields["destination"].queryset = Destination.objects.filter(pk__in=ids("destination"))
        self.fields["protocol"].queryset = Protocol.objects.filter(pk__in=ids("protocol"))

    def words(self, name: str) -> str:
        """What a filter that is on says."""
        return str(self.given()[name]) if name != "state" else super().words(name)


@page("forwarding/", name="forwards", action="data.view", menu=_SHOWN)
def forwards(request: HttpRequest) -> HttpResponse:
    """The queue, newest first."""
    rows, sort = seen(request), request.GET.get("sort", "-asked")
    filters = ForwardFilters(request.GET, rows)
    narrowed = _ordered(_narrowed(rows, filters.given()), sort)
    if wants_csv(request):
        note(request, "take out list", object_kind="forward")
        return as_csv(_("forwards"), _heads(), _cells(request, narrowed))
    found = Paginator(narrowed, SIZE).get_page(request.GET.get("page"))
    context = {
        "filters": filters,
        "given": filters.given(),
        "sort": sort,
        "found": found,
        "lines": lines(request, found.object_list),
        "now": house_of(request).clock.now(),
    }
    return render(request, "forwarding/list.html", context)


@page("forwarding/<int:pk>/", name="forward", action="data.view")
def forward(request: HttpRequest, pk: int) -> HttpResponse:
    """One forward: how far it is, and each object."""
    row = _one(request, pk)
    line = lines(request, [row])[0]
    if line.plan_set is not None:
        code = row.institution.code
        note(request, "view", object_kind="plan set", object_id=line.plan_set.pk, institution=code)
    order = Case(*(When(state=s, then=Value(n)) for n, s in enumerate(_WORST)), output_field=IntegerField())
    objects = row.deliveries.select_related("version", "replaces").order_by(order, *_SORTED)
    found = Paginator(objects, OBJECTS).get_page(request.GET.get("page"))
    context = {
        "row": row,
        "line": line,
        "label": plan_words.label(line.plan_set) if line.plan_set else "",
        "found": found,
        "objects": [(one, _state(one), _why(one)) for one in found.object_list],
        "acting": may_act(request, row),
        "reason": words(row.reason),
        "away": words(row.destination.problem) if row.destination.failures else "",
        "now": house_of(request).clock.now(),
    }
    return render(request, "forwarding/one.html", context)


@page("forwarding/<int:pk>/<slug:act>/", name="forward-act", action="data.view")
@require_POST
def forward_act(request: HttpRequest, pk: int, act: str) -> HttpResponse:
    """Release, pause, resume, cancel, or send again what did not go."""
    row = _one(request, pk)
    if not may_act(request, row):
        raise Http404
    by = act_of(request)
    match act:
        case "release":
            asking.release(by, row)
            messages.success(request, _("It goes now."))
        case "pause":
            asking.pause(by, row)
            messages.success(request, _("Paused. An object on its way still arrives."))
        case "resume":
            asking.resume(by, row)
            messages.success(request, _("It goes on."))
        case "cancel":
            count = asking.cancel(by, row)
            said = ngettext(
                "Cancelled: %(n)s object does not go.", "Cancelled: %(n)s objects do not go.", count
            )
            messages.success(request, said % {"n": count})
        case "resend":
            count = asking.resend(by, row)
            said = ngettext("%(n)s object is sent again.", "%(n)s objects are sent again.", count)
            messages.success(request, said % {"n": count})
        case _:
            raise Http404
    return redirect("forward", pk)


class AskForm(forms.Form):
    """Where to, under which protocol, and when."""

    way = forms.ChoiceField(
        label=gettext_lazy("Where to"),
        widget=forms.RadioSelect,
        error_messages={"required": gettext_lazy("Choose where it shall go.")},
    )
    waits = forms.ChoiceField(
        label=gettext_lazy("When it goes"), choices=Forward.Waits.choices, initial=Forward.Waits.NOTHING
    )

    def __init__(self, data: Any, ways: list[tuple[str, str]]) -> None:
        super().__init__(data)
        self.fields["way"].choices = ways
        if len(ways) == 1:
            self.fields["way"].initial = ways[0][0]


@page("plans/<int:pk>/forward/", name="plan-forward", action="export.raw")
def plan_forward(request: HttpRequest, pk: int) -> HttpResponse:
    """Forward this plan by hand, for who may take out files as received."""
    plan_set: PlanSet = one_of(request, PlanSet, pk, "patient_file__institution", action="export.raw")
    hidden = PlanSet.objects.select_related("patient_file__institution").get(pk=pk)
    by = act_of(request)
    ways, closed = _ways(request, plan_set, hidden, by)
    form = AskForm(request.POST or None, [(key, title) for key, title, _d, _p in ways])
    if request.method == "POST" and form.is_valid():
        destination, protocol = next((d, p) for key, _t, d, p in ways if key == form.cleaned_data["way"])
        waits = form.cleaned_data["waits"]
        wanted = asking.Wanted(destination, protocol, hidden.patient_file, hidden.sop_instance_uid, waits)
        try:
            row = asking.ask(by, wanted)
        except DeliveryError as exc:
            form.add_error(None, exc.detail)
        else:
            messages.success(request, _("It is forwarded."))
            return redirect("forward", row.pk)
    unveil_labels([plan_set])
    context = {
        "plan_set": plan_set,
        "label": plan_words.label(plan_set),
        "form": form,
        "ways": ways,
        "closed": closed,
        "now": by.at,
    }
    return render(request, "forwarding/ask.html", context)


def _ways(
    request: HttpRequest, plan_set: PlanSet, hidden: PlanSet, by: Act
) -> tuple[list[tuple[str, str, Destination, Protocol]], list[tuple[str, str]]]:
    """(key, title, destination, protocol) of each way that is open, and (title, reason) of the others."""
    held = Membership.objects.in_force().filter(
        patient_file=hidden.patient_file, sop_instance_uid=hidden.sop_instance_uid
    )
    protocols = Protocol.objects.filter(pk__in=held.values("protocol"))
    assert isinstance(request.user, User)
    own = institutions_of(request.user, by.at).filter(pk=hidden.patient_file.institution_id)
    if not own.exists():
        protocols = protocols.filter(pk=getattr(plan_set, "seen_through", None))
    open_, closed = [], []
    for protocol in protocols.order_by("short_name"):
        for row in Destination.objects.select_related("institution").order_by("name"):
            title = _("%(name)s (%(institution)s), under %(protocol)s") % {
                "name": row.name,
                "institution": row.institution.code,
                "protocol": protocol.short_name,
            }
            said = why_not(row, protocol, hidden.patient_file.institution_id, by.at)
            if said := said or why_not_patient(protocol, hidden.patient_file):
                closed.append((title, words(said)))
            else:
                open_.append((f"{row.pk}-{protocol.pk}", title, row, protocol))
    return open_, closed


def _ordered(rows: QuerySet[Forward], sort: str) -> QuerySet[Forward]:
    by = SORTS.get(sort.removeprefix("-"), SORTS["asked"])
    return rows.order_by(*(f"-{name}" if sort.startswith("-") else name for name in by))


def _heads() -> list[str]:
    return [
        *(_("Forward"), _("Patient ID"), _("Institution"), _("Plan"), _("Destination"), _("Protocol")),
        *(_("Asked"), _("Asked by"), _("State"), _("Delivered"), _("To deliver"), _("Did not go")),
    ]


def _cells(request: HttpRequest, rows: QuerySet[Forward]) -> Iterator[list[Any]]:
    """A line each, read in portions; the patient only where the plan may be seen."""
    numbers = list(rows.values_list("pk", flat=True))
    for start in range(0, len(numbers), PORTION):
        part = {row.pk: row for row in rows.filter(pk__in=numbers[start : start + PORTION])}
        for line in lines(request, part.values()):
            row, plan_set, so_far = line.row, line.plan_set, line.so_far
            by = row.trigger.name if row.trigger else row.asked_by.name if row.asked_by else ""
            yield [
                *(row.pk, plan_set.patient_file.sent_id if plan_set else "", row.institution.code),
                *(plan_words.label(plan_set) if plan_set else "", row.destination.name),
                *(row.protocol.short_name, row.asked_at, by, line.state),
                *(so_far.delivered, so_far.wanted, so_far.problems),
            ]


def _narrowed(rows: QuerySet[Forward], given: dict[str, Any]) -> QuerySet[Forward]:
    for name in ("destination", "protocol"):
        if name in given:
            rows = rows.filter(**{name: given[name]})
    match given.get("state"):
        case "held":
            return rows.filter(state=Forward.State.HELD)
        case "going":
            return rows.filter(state="open", deliveries__state__in=["waiting", "sending"]).distinct()
        case "problem":
            return rows.filter(deliveries__state__in=["refused", "failed", "withheld"]).distinct()
        case "delivered":
            return rows.filter(ended_at__isnull=False)
    return rows


def _state(one: Delivery) -> str:
    return {
        "delivered": "ok",
        "refused": "bad",
        "failed": "bad",
        "withheld": "warn",
        "sending": "info",
    }.get(one.state, "idle")


def _why(one: Delivery) -> str:
    said = [words(one.reason), status_words(one.status) if one.status else ""]
    return " ".join(part for part in said if part)


def _one(request: HttpRequest, pk: int) -> Forward:
    row = seen(request).filter(pk=pk).first()
    if row is None:
        raise Http404
    return row
