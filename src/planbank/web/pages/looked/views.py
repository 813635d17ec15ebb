"""Who looked at our patients: a protocol's journal, counted by person (R116, R117).

Comes in: a protocol, days. Goes out: for each person how often they looked, searched, took something out;
as CSV one line for each act, with pseudonyms. Only what this person may read of the journal.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, time, timedelta
from typing import Any

from django.db.models import Count, Max, Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils import timezone
from django.utils.translation import gettext as _

from planbank.access.entries import readable_by
from planbank.catalogue.models import PatientFile, PlanSet
from planbank.journal.models import Entry
from planbank.people.models import Affiliation, User
from planbank.protocols.models import Enrolment, Protocol
from planbank.web.lists.listing import drops, without
from planbank.web.lists.sheet import as_csv, wants_csv
from planbank.web.pages import house_of, page
from planbank.web.pages.journal import words
from planbank.web.pages.looked.forms import LookedFilters
from planbank.web.pages.protocols.tabs import tabs_of
from planbank.web.reach import note

LOOKED = (
    *("view", "open viewer", "compare doses", "make report"),
    *("search", "take out list", "read by API"),
)
DAYS, MOST = timedelta(days=90), 500


@page("protocols/<int:protocol>/looked/", name="protocol-looked", action="journal.read", scope="protocol")
def looked(request: HttpRequest, protocol: int) -> HttpResponse:
    """Who looked at the patients of a protocol, and what was taken out."""
    here = get_object_or_404(Protocol, pk=protocol)
    filters = LookedFilters(request.GET)
    given = filters.given()

    def found(wanted: dict[str, Any]) -> QuerySet[Entry]:
        return _entries(request, here, wanted)

    if wants_csv(request):
        note(request, "take out list", object_kind="journal", protocol=here.short_name, filters=sorted(given))
        return as_csv("-".join([_("who looked"), here.short_name]), _heads(), _lines(here, found(given)))
    note(request, "view", object_kind="journal", protocol=here.short_name)
    rows = list(_by_person(found(given))[:MOST])
    names, works = _people([row["actor"] for row in rows])
    context = {
        "protocol": here,
        "tabs": tabs_of(request, protocol, "protocol-looked"),
        "filters": filters,
        "given": given,
        "rows": [(row, names.get(row["actor"], ""), works.get(row["actor"], "")) for row in rows],
        "all_url": without(request, *filters.fields),
        "now": house_of(request).clock.now(),
        "days": DAYS.days,
    }
    if not rows and given:
        context["drops"] = drops(request, filters, found)
    return render(request, "looked/list.html", context)


def _entries(request: HttpRequest, protocol: Protocol, given: dict[str, Any]) -> QuerySet[Entry]:
    assert isinstance(request.user, User)
    now = house_of(request).clock.now()
    rows = readable_by(request.user, now).of_protocol(protocol.short_name)
    rows = rows.filter(actor_kind="user", action__in=LOOKED).exclude(object_kind="journal")
    rows = rows.filter(at__gte=_begins(given["since"]) if "since" in given else now - DAYS)
    if "until" in given:
        rows = rows.filter(at__lt=_begins(given["until"] + timedelta(days=1)))
    if "person" in given:
        rows = rows.filter(actor=given["person"])
    return rows


def _by_person(rows: QuerySet[Entry]) -> QuerySet[Entry, dict[str, Any]]:
    """One row a person, who took out most first."""
    counts = {name.replace(" ", "_"): Count("pk", filter=Q(action=name)) for name in LOOKED}
    patients = Count("object_id", distinct=True, filter=Q(object_kind__in=("patient file", "plan set")))
    people = rows.order_by().values("actor").annotate(**counts, things=patients, last=Max("at"))
    return people.order_by("-take_out_list", "-read_by_API", "-view", "actor")


def _people(usernames: list[str]) -> tuple[dict[str, str], dict[str, str]]:
    """Names, and the institutions they work for."""
    users = User.objects.filter(username__in=usernames)
    works: dict[str, str] = {}
    rows = Affiliation.objects.filter(user__in=users).order_by("institution__code")
    for username, code in rows.values_list("user__username", "institution__code").distinct():
        works[username] = f"{works[username]}, {code}" if username in works else code
    return dict(users.values_list("username", "name")), works


def _heads() -> list[str]:
    return [
        *(_("Time"), _("Who"), _("What was done"), _("On what"), _("Number"), _("Pseudonym")),
        *(_("Institution"), _("Purpose"), _("Seal number")),
    ]


def _lines(protocol: Protocol, rows: QuerySet[Entry]) -> Iterator[list[Any]]:
    """Portion by portion, with the pseudonyms that are known."""
    portion: list[Entry] = []
    for entry in rows.iterator(500):
        portion.append(entry)
        if len(portion) == 500:
            yield from _told(protocol, portion)
            portion = []
    yield from _told(protocol, portion)


def _told(protocol: Protocol, entries: list[Entry]) -> Iterator[list[Any]]:
    known = _pseudonyms(protocol, entries)
    for entry in entries:
        yield [
            *(
                entry.at,
                entry.actor,
                words.act(entry.action),
                words.thing(entry.object_kind),
                entry.object_id,
            ),
            *(known.get((entry.object_kind, entry.object_id), ""), entry.institution, entry.purpose),
            entry.seal_number,
        ]


def _pseudonyms(protocol: Protocol, entries: list[Entry]) -> dict[tuple[str, str], str]:
    """By what an entry is about; nothing for what was erased since."""

    def numbers(kind: str) -> list[int]:
        return [int(e.object_id) for e in entries if e.object_kind == kind and e.object_id.isdigit()]

    plans = dict(
        PlanSet.objects.filter(pk__in=numbers("plan set")).values_list("pk", "patient_file__patient")
    )
    files = dict(PatientFile.objects.filter(pk__in=numbers("patient file")).values_list("pk", "patient"))
    enrolled = Enrolment.objects.filter(protocol=protocol)
    theirs = enrolled.filter(patient__in={*plans.values(), *files.values()} - {None})
    by_patient = dict(theirs.values_list("patient", "pseudonym"))
    rows = enrolled.filter(pk__in=numbers("enrolment")).values_list("pk", "pseudonym")
    found = {("enrolment", str(pk)): pseudonym for pk, pseudonym in rows}
    for kind, owners in (("plan set", plans), ("patient file", files)):
        found |= {(kind, str(pk)): by_patient.get(patient, "") for pk, patient in owners.items()}
    return found


def _begins(day: Any) -> datetime:
    return timezone.make_aware(datetime.combine(day, time.min))
