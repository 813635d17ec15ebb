"""What the plans of a protocol hold in its words, for the bank's own services: nobody's rights are asked.

Comes in: a dictionary, plan sets. Goes out: rows of the matrix with recipes; and which plan sets are members.
"""

from __future__ import annotations

from django.db.models import Exists, IntegerField, OuterRef, QuerySet, Value

from planbank.catalogue.models import Member, PlanSet
from planbank.catalogue.models.plan_set import Role
from planbank.naming.matrix import MatrixRow, matrix_of
from planbank.naming.models import Dictionary
from planbank.naming.queries.books import book_of, choices_of
from planbank.naming.queries.dictionaries import types_of
from planbank.naming.queries.sheets import rows_of
from planbank.naming.recipes import Recipes
from planbank.protocols.levels import See
from planbank.protocols.models import Membership, Participant


def members_of(dictionary: Dictionary) -> QuerySet[PlanSet]:
    """The plan sets with a structure set that stand in the dictionary's protocol."""
    held = Membership.objects.in_force().filter(  # type: ignore[attr-defined]
        protocol=dictionary.protocol_id,
        patient_file=OuterRef("patient_file"),
        sop_instance_uid=OuterRef("sop_instance_uid"),
    )
    structures = Member.objects.filter(plan_set=OuterRef("pk"), role=Role.STRUCTURE_SET)
    return PlanSet.objects.filter(Exists(held), Exists(structures))


def dictionaries_of(patient_file: int) -> QuerySet[Dictionary]:
    """The dictionaries of the protocols in which something of a patient file stands."""
    held = Membership.objects.in_force().filter(patient_file=patient_file)  # type: ignore[attr-defined]
    return Dictionary.objects.filter(protocol__in=held.values("protocol")).order_by("pk")


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
    """Patient -> the treated side, as the participant's record has it."""
    rows = Participant.objects.filter(protocol=dictionary.protocol_id, patient__isnull=False)
    if dictionary.protocol_id is None:
        return {}
    return dict(rows.exclude(laterality="").values_list("patient", "laterality"))
