"""Receipts of one's own institution.

Comes in: filters, or the number of a receipt. Goes out: a list with CSV, or one receipt in words; each
view is journalled. Another institution's receipt is absent.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django import forms
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from planbank.catalogue.models import PlanSet, Receipt
from planbank.catalogue.queries.paging import Order, read_page
from planbank.catalogue.queries.totals import total
from planbank.messages.models import Message
from planbank.services.receipt.words import headline, protocols, rows_of, word
from planbank.web.lists.filters import Filters
from planbank.web.lists.listing import drops, where, without
from planbank.web.lists.sheet import as_csv, wants_csv
from planbank.web.pages import Menu, house_of, page
from planbank.web.parts.words import thin
from planbank.web.reach import my_institutions, note, ours

SIZE = 50
NEWEST = Order("received_at", descending=True)
OPEN = ("bad", "warn")


class ReceiptFilters(Filters):
    """State and institution."""

    state = forms.ChoiceField(label=gettext_lazy("State"), required=False)
    institution = forms.ChoiceField(label=gettext_lazy("Institution"), required=False)

    def __init__(self, data: Any, codes: list[str]) -> None:
        super().__init__(data)
        states = [("open", _("To fix or look at")), *Receipt.State.choices]
        self.fields["state"].choices = [("", _("All")), *states]  # type: ignore[attr-defined]
        self.fields["institution"].choices = [("", _("All of mine")), *((c, c) for c in codes)]  # type: ignore[attr-defined]
        if len(codes) < 2:
            del self.fields["institution"]


def _mine(request: HttpRequest) -> QuerySet[Receipt]:
    found: QuerySet[Receipt] = ours(request, Receipt)
    return found.select_related("institution")


def _open_ones(request: HttpRequest) -> tuple[int, bool] | None:
    """How many need somebody; nothing where none does."""
    found = ours(request, Receipt).filter(state__in=OPEN)
    n = total(found, f"receipts:{request.user.pk}", exact_to=500, seconds=20)
    return (n, True) if n else None


@page(
    "receipts/",
    name="receipts",
    action="data.view",
    menu=Menu("data", gettext_lazy("Receipts"), "mail", 28, _open_ones),
)
def receipts(request: HttpRequest) -> HttpResponse:
    """What came of each plan set, newest first."""
    codes = [i.code for i in my_institutions(request)]
    filters = ReceiptFilters(request.GET, codes)
    given = filters.given()
    rows = _narrowed(request, given)
    if wants_csv(request):
        note(request, "take out list", object_kind="receipts", filters=sorted(given))
        return as_csv(_("receipts"), _heads(), list(_csv_rows(rows)))
    place = {name: request.GET.get(name, "") for name in ("after", "before")}
    found = read_page(rows, NEWEST, **place, size=SIZE)
    context = {
        "now": house_of(request).clock.now(),
        "filters": filters,
        "given": given,
        "rows": [(row, word(row.state), headline(row), protocols(row)) for row in found.rows],
        "found": found,
        "where": where(rows, found),
        "codes": codes,
        "several": len(codes) > 1,
        "all_url": without(request, *filters.fields),
    }
    if not found.rows and given:
        context["drops"] = drops(request, filters, lambda rest: _narrowed(request, rest))
    return render(request, "receipts/list.html", context)


@page("receipts/<int:pk>/", name="receipt", action="data.view")
def receipt(request: HttpRequest, pk: int) -> HttpResponse:
    """One receipt: safely received first, the worst next, the good last."""
    row = _mine(request).select_related("patient_file").filter(pk=pk).first()
    if row is None:
        raise Http404
    note(request, "view", object_kind="receipt", object_id=pk, institution=row.institution.code)
    uid = row.sop_instance_uid
    plan_set = PlanSet.objects.filter(patient_file=row.patient_file, sop_instance_uid=uid).first()
    lines = rows_of(row)
    still = _mine(request).filter(institution=row.institution, state__in=OPEN).exclude(pk=pk)
    context = {
        "now": house_of(request).clock.now(),
        "receipt": row,
        "headline": headline(row),
        "state": "idle" if row.state == "waiting" else row.state,
        "word": word(row.state),
        "lines": [{**vars(line), "safe": "", "actions": []} for line in lines],
        "protocols": protocols(row),
        "plan_set": plan_set,
        "held": _held(row),
        "open": [(one, word(one.state), headline(one)) for one in still.order_by("-received_at")[:5]],
        "told": Message.objects.filter(key__startswith=f"receipt:{pk}:").order_by("made_at", "pk"),
    }
    return render(request, "receipts/page.html", context)


def _held(row: Receipt) -> list[tuple[str, str]]:
    params = next((line["params"] for line in row.lines if line["code"] == "stored"), {})
    named = [
        ("images", _("Images")),
        ("structure_sets", _("Structure sets")),
        ("plans", _("Plans")),
        ("doses", _("Doses")),
        ("others", _("Others")),
    ]
    return [(title, thin(params[key])) for key, title in named if params.get(key)]


def _narrowed(request: HttpRequest, given: dict[str, Any]) -> QuerySet[Receipt]:
    rows = _mine(request)
    if state := given.get("state"):
        rows = rows.filter(state__in=OPEN) if state == "open" else rows.filter(state=state)
    if given.get("institution"):
        rows = rows.filter(institution__code=given["institution"])
    return rows


def _heads() -> list[str]:
    return [
        *(_("Receipt"), _("Institution"), _("Received"), _("Sender"), _("State"), _("Objects")),
        *(_("Protocols"), _("What to mend or look at")),
    ]


def _csv_rows(rows: QuerySet[Receipt]) -> Iterator[list[Any]]:
    for row in rows.order_by("-received_at", "-pk").iterator(500):
        todo = [line.title for line in rows_of(row) if line.state in OPEN]
        yield [
            *(row.number, row.institution.code, row.received_at, row.calling_ae, word(row.state)),
            *(row.objects_held, " ".join(protocols(row)), " ".join(todo)),
        ]
