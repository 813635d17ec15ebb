"""Patients by first treatment date, of all that I may count or of a part of it (R125 to R127).

Comes in: filters in the address. Goes out: chart, table twin, counts by group, CSV. Counts only; no patient.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django import forms
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from planbank.access.listing import protocols_seen
from planbank.people.models import Institution
from planbank.protocols.models import Protocol
from planbank.statistics.accrual.read import Accrual, Asked, Group
from planbank.web.acting import act_of, user_of
from planbank.web.lists.filters import Filters
from planbank.web.lists.sheet import as_csv, wants_csv
from planbank.web.pages import house_of, page
from planbank.web.pages.accrual.drawing import called
from planbank.web.pages.accrual.reading import drawn
from planbank.web.reach import seen_institutions


class AccrualFilters(Filters):
    """Protocol, centre, country, cancer group: of those that this person sees."""

    protocol = forms.ChoiceField(label=gettext_lazy("Protocol"), required=False)
    institution = forms.ChoiceField(label=gettext_lazy("Centre"), required=False)
    country = forms.ChoiceField(label=gettext_lazy("Country"), required=False)
    group = forms.ChoiceField(label=gettext_lazy("Group"), required=False)

    def __init__(self, data: Any, protocols: Iterable[Protocol], places: Iterable[Institution]) -> None:
        super().__init__(data)
        protocols, places = list(protocols), list(places)
        groups = sorted({row.cancer_group for row in protocols if row.cancer_group})
        countries = sorted({row.country for row in places})
        self._offer("protocol", [(str(row.pk), row.short_name) for row in protocols])
        self._offer("institution", [(str(row.pk), row.code) for row in places])
        self._offer("country", [(code, code) for code in countries])
        self._offer("group", [(name, name) for name in groups])

    def _offer(self, name: str, pairs: list[tuple[str, str]]) -> None:
        field = self.fields[name]
        assert isinstance(field, forms.ChoiceField)
        field.choices = [("", _("All")), *pairs]

    def asked(self) -> Asked:
        """What to count."""
        given = self.given()
        return Asked(
            protocol=int(given["protocol"]) if "protocol" in given else None,
            institution=int(given["institution"]) if "institution" in given else None,
            country=given.get("country", ""),
            group=given.get("group", ""),
        )


@page("accrual/", name="accrual", action="overview.view")
def accrual(request: HttpRequest) -> HttpResponse:
    """How the bank has grown, as far as I may count it."""
    now = house_of(request).clock.now()
    protocols = protocols_seen(user_of(request), now)
    filters = AccrualFilters(request.GET, protocols, seen_institutions(request))
    context = drawn(request, filters.asked())
    found: Accrual = context["accrual"]
    if wants_csv(request):
        act_of(request).journal("take out list", list="accrual", rows=len(found.bins))
        return as_csv(_("patients-by-first-treatment"), _heads(), _rows(found))
    if found.is_summary:
        for name in ("institution", "country"):
            del filters.fields[name]
    known = {str(pk) for pk in protocols.values_list("pk", flat=True)}
    context |= {
        "filters": filters,
        "given": filters.given(),
        "protocols": [one for one in found.protocols if one.key in known],
        "tables": [
            (_("Centres"), "institution", found.centres),
            (_("Countries"), "country", found.countries),
            (_("Groups"), "group", found.cancer_groups),
        ],
        "leads": not found.is_summary,
    }
    return render(request, "accrual/page.html", context)


def _heads() -> list[str]:
    return [_("what"), _("from"), _("to"), _("patients"), _("abroad"), _("in all")]


def _rows(found: Accrual) -> Iterable[list[Any]]:
    for one in found.bins:
        yield [called(one), one.since, one.until, one.count, one.abroad, one.upto]
    named: list[tuple[str, tuple[Group, ...]]] = [
        (_("centre"), found.centres),
        (_("country"), found.countries),
        (_("group"), found.cancer_groups),
        (_("source of the date"), found.sources),
    ]
    for what, groups in named:
        for group in groups:
            count = group.patients if group.patients is not None else _("kept back")
            yield [f"{what}: {group.name}", "", "", count, "", ""]
