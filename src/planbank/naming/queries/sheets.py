"""The plan sets of a protocol or project with the ROIs that count in it.

Comes in: a reader, a dictionary. Goes out: `Row`s, one a plan set that the reader may list, with the ROIs
of its structure sets: empty ones and trigger ROIs apart (R66). Two queries, however many plans.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from django.db.models import Exists, IntegerField, OuterRef, QuerySet, Value

from planbank.access.scopes import Scope
from planbank.catalogue.models import Member, PlanSet, Roi
from planbank.catalogue.models.plan_set import Role
from planbank.dicom.patterns import Pattern
from planbank.naming.cells import Chosen, Named
from planbank.naming.models import Dictionary
from planbank.naming.preview import Sheet
from planbank.naming.queries.books import Where
from planbank.protocols.levels import See
from planbank.reach.rows import Reader


@dataclass(frozen=True, slots=True)
class Row:
    """One plan set. `structure_sets`: their SOP Instance UIDs; `left_out`: its empty ROIs."""

    plan_set: int
    patient_file: int
    patient: int | None
    institution: int
    is_named: bool
    structure_sets: tuple[str, ...]
    rois: tuple[Named, ...]
    left_out: tuple[Named, ...] = ()

    def sheet(self, choices: Mapping[Where, tuple[Chosen, ...]]) -> Sheet:
        """The row as science wants it."""
        chosen = [one for uid in self.structure_sets for one in choices.get((self.patient_file, uid), ())]
        return Sheet(self.plan_set, self.institution, self.rois, tuple(chosen))


def plan_sets_of(reader: Reader, dictionary: Dictionary, action: str = "data.list") -> QuerySet[PlanSet]:
    """The plan sets with a structure set on which the reader may do `action` there, veiled."""
    within = Reader(reader.user, reader.at, Scope.of(dictionary.owner))
    has_structures = Member.objects.filter(plan_set=OuterRef("pk"), role=Role.STRUCTURE_SET)
    found = within.rows(PlanSet, action)
    if "seen_as" not in found.query.annotations:  # none at all, which nobody judged
        found = found.annotate(seen_as=Value(int(See.NONE), IntegerField()))
    return found.filter(Exists(has_structures))


def rows_of(plan_sets: QuerySet[PlanSet], dictionary: Dictionary) -> list[Row]:
    """The plan sets as rows, newest first; give those of `plan_sets_of`, narrowed as you like."""
    columns = ("pk", "patient_file", "patient_file__patient", "patient_file__institution", "seen_as")
    heads = list(plan_sets.order_by("-last_received_at", "-pk").values_list(*columns))
    held = _rois([head[0] for head in heads], _triggers(dictionary))
    none: tuple[tuple[str, ...], tuple[Named, ...], tuple[Named, ...]] = ((), (), ())
    return [
        Row(pk, file, patient, institution, sees >= See.IDENTIFIED, *held.get(pk, none))
        for pk, file, patient, institution, sees in heads
    ]


def _rois(
    plan_sets: list[int], triggers: list[Pattern]
) -> dict[int, tuple[tuple[str, ...], tuple[Named, ...], tuple[Named, ...]]]:
    """For each plan set: its structure sets, the ROIs that count, the empty ones."""
    members = Member.objects.filter(plan_set__in=plan_sets, role=Role.STRUCTURE_SET)
    to = "instance__current_version__structureset"
    sets: dict[int, list[int]] = defaultdict(list)
    found = members.order_by("pk").values_list("plan_set", "instance__sop_instance_uid", to)
    uids: dict[int, list[str]] = defaultdict(list)
    for plan_set, uid, structure_set in found:
        uids[plan_set].append(uid)
        if structure_set is not None:
            sets[structure_set].append(plan_set)
    full: dict[int, list[Named]] = defaultdict(list)
    empty: dict[int, list[Named]] = defaultdict(list)
    is_trigger: dict[str, bool] = {}
    rois = Roi.objects.filter(structure_set__in=list(sets)).order_by("structure_set", "number")
    for structure_set, pk, number, name, nothing in rois.values_list(
        "structure_set", "pk", "number", "name", "is_empty"
    ):
        if name not in is_trigger:
            is_trigger[name] = any(pattern.matches(name) for pattern in triggers)
        if not is_trigger[name]:
            for plan_set in sets[structure_set]:
                (empty if nothing else full)[plan_set].append(Named(number, name, pk))
    return {pk: (tuple(its), tuple(full[pk]), tuple(empty[pk])) for pk, its in uids.items()}


def _triggers(dictionary: Dictionary) -> list[Pattern]:
    """The names by which plans are filed in this protocol: no structures (R66)."""
    if dictionary.protocol is None:
        return []
    names: Iterable[str] = dictionary.protocol.triggers.values_list("roi_name", flat=True)
    return [Pattern(name) for name in names if name.strip()]
