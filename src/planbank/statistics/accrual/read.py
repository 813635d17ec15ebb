"""Who was treated first when, as one reader may count it (R125, R127).

Comes in: a reader, what they ask for. Goes out: an `Accrual`. One query over the plan sets that the policy
lets them count, whatever the number of protocols; of many the answer may be a minute old.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Hashable, Iterable, Iterator
from dataclasses import dataclass, field, replace
from datetime import date

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import Count, OuterRef, QuerySet

from planbank.access.standing import standing_of
from planbank.catalogue.models import PlanSet
from planbank.catalogue.queries.totals import remembered
from planbank.people.models import Institution
from planbank.protocols.levels import See
from planbank.protocols.models import Membership, Protocol
from planbank.reach.rows import Reader
from planbank.statistics.accrual.bins import LEAST, Began, Bin, Fit, bins_of, fit_of, mean_per_year, whole
from planbank.statistics.population import told

ACTION = "data.statistics"
MANY = 2_000


@dataclass(frozen=True)
class Asked:
    """What to count: of one protocol, centre, country, cancer group; of everything where they are empty."""

    protocol: int | None = None
    institution: int | None = None
    country: str = ""
    group: str = ""

    @property
    def is_of_places(self) -> bool:
        """Whether it asks for some centres only."""
        return self.institution is not None or bool(self.country)


@dataclass(frozen=True)
class Group:
    """Patients of one centre, country, cancer group or protocol; None: few, and kept back."""

    name: str
    patients: int | None
    key: str = ""


@dataclass(frozen=True)
class Accrual:
    """Patients by first treatment date. `undated`: those of whom nothing says when; None: kept back."""

    bins: tuple[Bin, ...] = ()
    total: int = 0
    abroad: int | None = 0
    undated: int | None = 0
    mean: float | None = None
    of_years: tuple[date, date] | None = None
    fit: Fit | None = None
    sources: tuple[Group, ...] = ()
    centres: tuple[Group, ...] = ()
    countries: tuple[Group, ...] = ()
    cancer_groups: tuple[Group, ...] = ()
    protocols: tuple[Group, ...] = ()
    home: str = ""
    is_summary: bool = False

    @property
    def percent_abroad(self) -> float | None:
        """The foreign share; None where it is kept back or nobody is counted."""
        return 100.0 * self.abroad / self.total if self.abroad is not None and self.total else None


@dataclass
class _Patient:
    """One patient while the rows are read, earliest first."""

    day: date | None
    source: str
    institution: int
    institutions: set[int] = field(default_factory=set)
    protocols: set[int] = field(default_factory=set)


def home_country() -> str:
    """The country that most active institutions are of: the others are abroad."""
    rows = Institution.objects.filter(is_active=True).order_by()
    first = rows.values("country").annotate(n=Count("pk")).order_by("-n", "country").first()
    return first["country"] if first else ""


def accrual(reader: Reader, asked: Asked, today: date) -> Accrual:
    """What this reader may count. Whoever sees summaries only gets no view of single places (R51)."""
    rows = reader.rows(PlanSet, ACTION).exclude(patient_file__patient=None)
    paths = [
        (path.scope, path.see, sorted(path.institutions or ()), path.protocol, path.listed)
        for path in standing_of(reader.user).in_force(ACTION, reader.at)
    ]
    key = ("accrual", reader.user.pk, reader.scope, paths, asked, today)
    return remembered(rows, key, lambda: _counted(rows, asked, today), above=MANY)


def _counted(rows: QuerySet[PlanSet], asked: Asked, today: date) -> Accrual:
    is_summary = "seen_as" in rows.query.annotations and rows.filter(seen_as__lt=See.PSEUDONYMISED).exists()
    if is_summary and asked.is_of_places:
        asked = replace(asked, institution=None, country="")
    protocols = {row.pk: row for row in Protocol.objects.all()}
    places = {row.pk: row for row in Institution.objects.all()}
    home = home_country()
    patients = _patients(rows, asked, protocols, places)
    if is_summary:
        patients = _without_few(patients)
    return _told(patients, protocols, places, home, today, is_summary)


def _patients(
    rows: QuerySet[PlanSet],
    asked: Asked,
    protocols: dict[int, Protocol],
    places: dict[int, Institution],
) -> list[_Patient]:
    """Every patient once. What stands in demonstration and test protocols alone does not count (R44).

    In a bank without any clinical protocol, such as the demonstration, those of the demonstration count.
    """
    kinds = {row.kind for row in protocols.values()}
    counted = Protocol.Kind.CLINICAL if Protocol.Kind.CLINICAL in kinds else Protocol.Kind.DEMO
    held = Membership.objects.in_force().filter(  # type: ignore[attr-defined]
        patient_file=OuterRef("patient_file"), sop_instance_uid=OuterRef("sop_instance_uid")
    )
    found: dict[int, _Patient] = {}
    columns = (
        "patient_file__patient",
        "treated_on",
        "treated_by",
        "patient_file__institution",
        "standing_in",
    )
    every = rows.annotate(standing_in=ArraySubquery(held.values("protocol")))
    for person, day, source, institution, standing_in in (
        every.order_by("treated_on", "pk").values_list(*columns).iterator(5000)
    ):
        inside = {pk for pk in standing_in if pk == asked.protocol or protocols[pk].kind == counted}
        if (standing_in and not inside) or not _wanted(asked, inside, protocols, places[institution]):
            continue
        one = found.setdefault(person, _Patient(day, source, institution))
        one.institutions.add(institution)
        one.protocols |= inside
    return list(found.values())


def _wanted(asked: Asked, inside: set[int], protocols: dict[int, Protocol], place: Institution) -> bool:
    return (
        (asked.protocol is None or asked.protocol in inside)
        and (asked.institution is None or asked.institution == place.pk)
        and (not asked.country or asked.country == place.country)
        and (not asked.group or any(protocols[pk].cancer_group == asked.group for pk in inside))
    )


def _without_few(patients: list[_Patient]) -> list[_Patient]:
    """Without those whose every protocol has few patients: the total would tell of them."""
    sizes = Counter(pk for one in patients for pk in one.protocols)
    return [one for one in patients if any(sizes[pk] >= LEAST for pk in one.protocols)]


def _told(
    patients: list[_Patient],
    protocols: dict[int, Protocol],
    places: dict[int, Institution],
    home: str,
    today: date,
    is_summary: bool,
) -> Accrual:
    least = LEAST if is_summary else 0
    dated = list(_dated(patients, places, home, is_summary))
    bins = bins_of(dated, today, least)
    total = bins[-1].upto if bins else 0
    abroad = sum(one.abroad for one in bins)
    undated = len(patients) - len(dated)
    kept = whole(bins, today)

    def groups(names: Iterable[Collection[tuple[str, str]]]) -> tuple[Group, ...]:
        return _groups(names, is_summary)

    return Accrual(
        bins=tuple(bins),
        total=total,
        abroad=None if 0 < abroad < least or 0 < total - abroad < least else abroad,
        undated=None if 0 < undated < least else undated,
        mean=mean_per_year(bins, today),
        of_years=(kept[0].since, kept[-1].until) if kept else None,
        fit=fit_of(bins, today),
        sources=groups(
            [(str(PlanSet.TreatedBy(one.source).label), one.source)] for one in patients if one.day
        ),
        centres=groups({(places[pk].code, str(pk)) for pk in one.institutions} for one in patients),
        countries=groups(
            {(places[pk].country, places[pk].country) for pk in one.institutions} for one in patients
        ),
        cancer_groups=groups(
            {(protocols[pk].cancer_group, protocols[pk].cancer_group) for pk in one.protocols}
            for one in patients
        ),
        protocols=groups({(protocols[pk].short_name, str(pk)) for pk in one.protocols} for one in patients),
        home=home,
        is_summary=is_summary,
    )


def _dated(
    patients: list[_Patient], places: dict[int, Institution], home: str, is_summary: bool
) -> Iterator[Began]:
    none: frozenset[Hashable] = frozenset()
    for one in patients:
        if one.day is not None:
            abroad = places[one.institution].country != home
            yield Began(one.day, abroad, frozenset(one.protocols) if is_summary else none)


def _groups(names: Iterable[Collection[tuple[str, str]]], is_summary: bool) -> tuple[Group, ...]:
    """How many patients are of each, most first; few are kept back for whom sees summaries only."""
    counts: dict[str, int] = defaultdict(int)
    shown: dict[str, str] = {}
    for its in names:
        for name, key in its:
            if name:
                counts[key] += 1
                shown[key] = name
    tellable = told(counts) if is_summary else frozenset(counts)
    found = [Group(shown[key], count if key in tellable else None, key) for key, count in counts.items()]
    return tuple(sorted(found, key=lambda one: (-(one.patients or 0), one.name)))
