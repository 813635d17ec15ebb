"""What the plans of a protocol hold in its words, for the bank's own services: nobody's rights are asked.

Comes in: a dictionary, plan sets. Goes out: rows of the matrix with recipes; and which plan sets are members.
"""

from __future__ import annotations

from collections import defaultdict

from django.db.models import Exists, IntegerField, OuterRef, Q, QuerySet, Value

from planbank.catalogue.models import Member, PlanSet
from planbank.catalogue.models.plan_set import Role
from planbank.naming.matrix import MatrixRow, matrix_of
from planbank.naming.models import Dictionary
from planbank.naming.queries.books import book_of, choices_of
from planbank.naming.queries.dictionaries import types_of
from planbank.naming.queries.sheets import rows_of
from planbank.naming.recipes import Recipes
from planbank.protocols.levels import See
from planbank.protocols.models import Membership, Participant, ReuseRequest

_APPROVED = ReuseRequest.State.APPROVED


def members_of(dictionary: Dictionary) -> QuerySet[PlanSet]:
    """The plan sets with a structure set that stand in its protocol, or where its project may look at all.

    A project's people see fewer: what was approved for them, at their level, is asked where they read.
    """
    held = Membership.objects.in_force().filter(  # type: ignore[attr-defined]
        protocol__in=_protocols_of(dictionary),
        patient_file=OuterRef("patient_file"),
        sop_instance_uid=OuterRef("sop_instance_uid"),
    )
    structures = Member.objects.filter(plan_set=OuterRef("pk"), role=Role.STRUCTURE_SET)
    return PlanSet.objects.filter(Exists(held), Exists(structures))


def dictionaries_of(patient_file: int) -> QuerySet[Dictionary]:
    """The dictionaries of the protocols in which something of a patient file stands, and their projects'."""
    held = Membership.objects.in_force().filter(patient_file=patient_file)  # type: ignore[attr-defined]
    protocols = held.values("protocol")
    reusing = ReuseRequest.objects.filter(state=_APPROVED, protocol__in=protocols).values("project")
    return Dictionary.objects.filter(Q(protocol__in=protocols) | Q(project__in=reusing)).order_by("pk")


def readings_of(dictionary: Dictionary, plan_sets: QuerySet[PlanSet]) -> list[MatrixRow]:
    """The plan sets by the rules, choices and expressions as they stand."""
    whole = plan_sets.annotate(seen_as=Value(int(See.IDENTIFIED), IntegerField()))
    types = types_of(dictionary)
    found = matrix_of(
        rows_of(whole, dictionary),
        book_of(dictionary),
        choices_of(dictionary),
        [row.pk for row in types if not row.expression],
        recipes=Recipes(types),
        sides=sides_of(dictionary),
    )
    return list(found.rows)


def sides_of(dictionary: Dictionary) -> dict[int, str]:
    """Patient -> the treated side, as the participant's record has it; none where two records differ."""
    rows = Participant.objects.filter(protocol__in=_protocols_of(dictionary), patient__isnull=False)
    told: dict[int, set[str]] = defaultdict(set)
    for patient, side in rows.exclude(laterality="").values_list("patient", "laterality"):
        told[patient].add(side)
    return {patient: side for patient, (side, *more) in told.items() if not more}


def _protocols_of(dictionary: Dictionary) -> list[int]:
    """Its protocol; of a project, those of which reuse is approved."""
    if dictionary.protocol_id is not None:
        return [dictionary.protocol_id]
    approved = ReuseRequest.objects.filter(project=dictionary.project_id, state=_APPROVED)
    return list(approved.values_list("protocol", flat=True).distinct())
