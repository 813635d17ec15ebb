"""What of a patient file stands in no protocol, when it goes, and what keeps it (R31, R212).

Comes in: a patient file. Goes out: a `Situation`, read from the rows as they are at this moment. A
protocol holds what stands in it, restricted or not; what is held keeps all that it refers to, by the
plan sets that link wove and by the references of each object. So does an audit study.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import connection
from django.db.models import Count, Max, Model, Q, QuerySet, Sum
from psycopg import sql

from planbank.audits.models import CaseFile
from planbank.catalogue.models import (
    Dose,
    Instance,
    Member,
    PatientFile,
    Plan,
    QuarantinedParcel,
    Registration,
    StructureSet,
    Submission,
    TreatmentRecord,
)
from planbank.erasure.fate import Fate, Unit, fates
from planbank.erasure.models import Ageing, KeepLonger
from planbank.protocols.models import Membership
from planbank.protocols.parts import RT_MODALITIES, Part

# A person who has something deleted at once may change their mind for so long.
GRACE = timedelta(days=1)
DERIVED = (StructureSet, Plan, Dose, TreatmentRecord, Registration)
# What refers to what within a plan set: each role to those after it.
ROLES = ("record", "registration", "dose", "plan", "structure set", "images")


_NAMING = sql.SQL(
    'SELECT DISTINCT d.id FROM unnest(%s::jsonb[]) AS wanted JOIN {} AS d ON d."references" @> wanted'
)
# By which an object names others (dicom.references.References), frames of reference apart;
# `PAIRS` with a word beside it.
PAIRS = ("related_plan_uids",)
CITING = (
    *("series_uids", "image_uids", "structure_set_uids", "plan_uids", "dose_uids", "record_uids"),
    *("other_uids", *PAIRS),
)


@dataclass(frozen=True)
class Piece:
    """One unit as it lies there: how many objects, how many bytes, when its clock began."""

    objects: int
    size: int
    received: datetime


@dataclass(frozen=True)
class Situation:
    """All units of a patient file; `fates` of each, held ones too."""

    pieces: dict[Part, Piece]
    fates: dict[Part, Fate[Part]]

    def held(self) -> set[Part]:
        """What stands in a protocol itself."""
        return {part for part, fate in self.fates.items() if fate.held and fate.because == part}

    def kept(self) -> set[Part]:
        """In no protocol, but something kept refers to it."""
        return {part for part, fate in self.fates.items() if fate.is_kept} - self.held()

    def going(self) -> dict[Part, datetime]:
        """What goes some day, and when."""
        return {part: fate.goes_at for part, fate in self.fates.items() if fate.goes_at is not None}

    def due(self, at: datetime) -> list[Part]:
        """What goes now."""
        return [part for part, when in self.going().items() if when <= at]


def situation_of(file: PatientFile, days: int, *, strict: bool = False) -> Situation:
    """How it stands with a patient file. `strict` also looks for references out of other files: dear."""
    pieces = _pieces(file)
    held, ended = _members(file)
    if strict:
        held |= _cited_from_elsewhere(file, pieces)
    released = _released(file)
    units = []
    for part, piece in pieces.items():
        moments = (piece.received, ended.get(part.instance or -part.series), released.get(part.instance or 0))
        begun = max(moment for moment in moments if moment)
        if part.instance is None:
            begun = max([begun, *(at for key, at in released.items() if key == -part.series)])
        units.append(Unit(part, begun, held.get(part.instance or -part.series, "")))
    refers, together = _references(file, pieces)
    return Situation(pieces, fates(units, refers, together, lives_until(file, days)))


def lives_until(file: PatientFile, days: int) -> Callable[[datetime], datetime]:
    """From when a clock began to when it ends, with what people asked for."""
    wish = KeepLonger.objects.filter(patient_file=file, undone_at=None).aggregate(until=Max("until"))["until"]
    asked = Ageing.objects.filter(patient_file=file).values_list("asked_at", flat=True).first()

    def ends(began: datetime) -> datetime:
        if asked is not None and began <= asked:
            return asked + GRACE
        usual = began + timedelta(days=days)
        return max(usual, wish) if wish else usual

    return ends


def instances_in(parts: list[Part]) -> QuerySet[Instance]:
    """The objects of units."""
    one_by_one = [part.instance for part in parts if part.instance is not None]
    whole = [part.series for part in parts if part.instance is None]
    return Instance.objects.filter(Q(pk__in=one_by_one) | Q(series__in=whole))


def _pieces(file: PatientFile) -> dict[Part, Piece]:
    rows = Instance.objects.filter(series__study__patient_file=file).order_by()
    found: dict[Part, Piece] = {}
    rt = rows.filter(series__modality__in=RT_MODALITIES)
    wanted = ("series_id", "pk", "sop_instance_uid", "current_version__size", "last_received_at")
    for series, pk, uid, size, received in rt.values_list(*wanted):
        found[Part(series, pk, uid)] = Piece(1, size, received)
    images = rows.exclude(series__modality__in=RT_MODALITIES).values("series_id")
    sums = images.annotate(n=Count("pk"), size=Sum("current_version__size"), at=Max("last_received_at"))
    for row in sums:
        found[Part(row["series_id"])] = Piece(row["n"], row["size"], row["at"])
    return found


def _members(file: PatientFile) -> tuple[dict[int, str], dict[int, datetime]]:
    """By object, or minus the series: who holds it, and when the last membership ended."""
    # Three ways, each by its own index: joined by OR they would read every membership of the bank.
    every = Membership.objects.order_by()
    ways = ("patient_file", "series__study__patient_file", "instance__series__study__patient_file")
    first, *others = (every.filter(**{way: file}).values("pk") for way in ways)
    rows = Membership.objects.filter(pk__in=first.union(*others)).order_by("pk")
    held: dict[int, str] = {}
    ended: dict[int, datetime] = {}
    wanted = ("series_id", "instance_id", "removed_at", "protocol__short_name")
    for series, instance, removed, protocol in rows.values_list(*wanted):
        # A series that holds a member object counts too: modalities are what senders say they are.
        for key in {instance or -series, -series}:
            if removed is None:
                held[key] = protocol
            else:
                ended[key] = max(removed, ended.get(key, removed))
    return held | _in_audits(file), ended


def _in_audits(file: PatientFile) -> dict[int, str]:
    """What an audit study that is not closed makes its copies of stays, whatever left the protocol (R31)."""
    seeds = CaseFile.objects.filter(case__patient_file=file).exclude(case__study__state="closed")
    versions = dict(seeds.values_list("version", "case__study__protocol__short_name"))
    rows = Instance.objects.filter(series__study__patient_file=file, current_version__in=list(versions))
    held: dict[int, str] = {}
    for pk, series, version in rows.values_list("pk", "series", "current_version"):
        held[pk] = held[-series] = versions[version]
    return held


def _released(file: PatientFile) -> dict[int, datetime]:
    """Objects, and minus their series, that came out of quarantine, and when: that counts as an arrival."""
    came = Submission.objects.filter(instance__series__study__patient_file=file).order_by()
    decided = QuarantinedParcel.objects.filter(
        parcel_id__in=came.values("parcel_id"), state=QuarantinedParcel.State.RELEASED
    )
    when = {p: at for p, at in decided.values_list("parcel_id", "decided_at") if at is not None}
    found: dict[int, datetime] = {}
    if when:
        rows = came.filter(parcel_id__in=when).values_list("parcel_id", "instance_id", "instance__series_id")
        for parcel, instance, series in rows:
            for key in (instance, -series):
                found[key] = max(when[parcel], found.get(key, when[parcel]))
    return found


def _references(
    file: PatientFile, pieces: dict[Part, Piece]
) -> tuple[dict[Part, set[Part]], list[list[Part]]]:
    by_instance = {part.instance: part for part in pieces if part.instance is not None}
    by_series = {part.series: part for part in pieces if part.instance is None}
    refers: dict[Part, set[Part]] = defaultdict(set)
    groups: dict[int, list[tuple[int, Part]]] = defaultdict(list)
    members = Member.objects.filter(plan_set__patient_file=file).order_by("pk")
    for group, role, instance, series in members.values_list("plan_set", "role", "instance", "series"):
        part = by_instance.get(instance) if instance is not None else by_series.get(series)
        if part is not None:
            groups[group].append((ROLES.index(role), part))
    for group in groups.values():
        for rank, part in group:
            refers[part] |= {other for lower, other in group if lower > rank}
    for part, named in _named(file, pieces):
        refers[part] |= named - {part}
    return refers, [[part for _rank, part in group] for group in groups.values()]


def _named(file: PatientFile, pieces: dict[Part, Piece]) -> Iterator[tuple[Part, set[Part]]]:
    """What each RT object itself names, whether or not it is in a plan set."""
    by_instance = {part.instance: part for part in pieces if part.instance is not None}
    by_uid = {part.uid: part for part in by_instance.values()}
    series = Instance.objects.filter(series__in=[p.series for p in pieces if p.instance is None]).order_by()
    for uid, pk in series.values_list("series__series_instance_uid", "series_id").distinct():
        by_uid[uid] = Part(pk)
    for model in DERIVED:
        rows = model._default_manager.filter(version__current_in__series__study__patient_file=file)
        for instance, references in rows.values_list("version__current_in", "references"):
            if instance not in by_instance:
                continue
            names = {uid for key, uids in references.items() if key.endswith("_uids") for uid in _flat(uids)}
            found = {by_uid[uid] for uid in names if uid in by_uid}
            if images := set(references.get("image_uids") or ()):
                held = series.filter(sop_instance_uid__in=images).values_list("series_id", flat=True)
                found |= {Part(pk) for pk in held.distinct()}
            yield by_instance[instance], found


def _flat(uids: list[object]) -> Iterator[str]:
    for one in uids:
        yield str(one[0]) if isinstance(one, list | tuple) and one else str(one)


def _cited_from_elsewhere(file: PatientFile, pieces: dict[Part, Piece]) -> dict[int, str]:
    """Units that a member under another patient of the institution names: a mistyped Patient ID, say."""
    held: dict[int, str] = {}
    rows = Instance.objects.filter(pk__in=instances_in(list(pieces)).values("pk")).order_by()
    names = {uid: -pk for uid, pk in rows.values_list("series__series_instance_uid", "series_id").distinct()}
    names |= {part.uid: part.instance for part in pieces if part.instance is not None and part.uid}
    for model in DERIVED:
        citing = model._default_manager.filter(
            pk__in=_naming(model, list(names)),
            version__current_in__institution=file.institution_id,
            version__current_in__memberships__removed_at=None,
            version__current_in__memberships__isnull=False,
        ).exclude(version__current_in__series__study__patient_file=file)
        for protocol, references in citing.values_list(
            "version__current_in__memberships__protocol__short_name", "references"
        ):
            for uids in (references.get(key, ()) for key in CITING):
                held |= {names[uid]: protocol for uid in _flat(uids) if uid in names}
    return held


def _naming(model: type[Model], uids: list[str]) -> list[int]:
    """Ids of the rows whose references name one of these UIDs: one look into an index for each way to."""
    wanted = [json.dumps({key: [[uid]] if key in PAIRS else [uid]}) for uid in uids for key in CITING]
    table = sql.Identifier(model._meta.db_table)
    with connection.cursor() as cursor:
        cursor.execute(_NAMING.format(table), [wanted])
        return [pk for (pk,) in cursor.fetchall()]
