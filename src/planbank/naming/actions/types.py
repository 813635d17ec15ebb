"""The structure types of a protocol or project (R37, R68).

Comes in: an act, a dictionary, what a type shall be. Goes out: the row. A type that rules or choices
name is retired, not deleted: what was true of it on a day stays true. Raises NamingError.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from planbank.dicom.patterns import normal
from planbank.dose.derived import expression as derived
from planbank.errors import ExpressionError, NamingError
from planbank.naming.actions.editing import new_edition
from planbank.naming.models import Dictionary, Edition
from planbank.naming.queries.dictionaries import types_of
from planbank.protocols.act import Act
from planbank.protocols.models import StructureType


@dataclass(frozen=True)
class TypeWish:
    """What a structure type shall be."""

    name: str
    description: str = ""
    need: str = StructureType.Need.OPTIONAL
    expression: str = ""
    order: int = 0


@transaction.atomic
def save_type(
    act: Act, dictionary: Dictionary, seen: int | None, wish: TypeWish, row: StructureType | None = None
) -> StructureType:
    """Make a type, or change one. A retired one of the same name comes back."""
    values = asdict(wish) | {"name": normal(wish.name)[:64], "retired_at": None}
    if not values["name"]:
        raise NamingError(_("A structure type has a name."))
    if wish.expression:
        _check_expression(dictionary, wish, row)
    if row is not None and row.name != values["name"]:
        _check_unused(dictionary, row)
    owner = {"protocol": dictionary.protocol, "project": dictionary.project}
    if row is None:
        row = StructureType.objects.filter(
            **owner, name__iexact=values["name"], retired_at__isnull=False
        ).first()
    edition = new_edition(act, dictionary, seen, Edition.Kind.TYPES)
    try:
        with transaction.atomic():
            if row is None:
                row = StructureType.objects.create(**owner, **values)
                edition.params = {"made": row.pk}
                edition.save(update_fields=["params"])
                return row
            StructureType.objects.filter(pk=row.pk, **owner).update(**values)
    except IntegrityError as exc:
        raise NamingError(_("There is a structure type of this name already.")) from exc
    row.refresh_from_db()
    return row


@transaction.atomic
def retire_type(act: Act, dictionary: Dictionary, seen: int | None, row: StructureType) -> Edition:
    """Take a type out of use; its rules end with it. Undoing the edition brings the rules back."""
    _check_unused(dictionary, row)
    edition = new_edition(act, dictionary, seen, Edition.Kind.TYPES, retired=row.pk)
    dictionary.rules.filter(structure_type=row, ended_in__isnull=True).update(ended_in=edition)
    dictionary.choices.filter(structure_type=row, ended_in__isnull=True).update(ended_in=edition)
    StructureType.objects.filter(pk=row.pk).update(retired_at=act.at)
    return edition


def _check_unused(dictionary: Dictionary, row: StructureType) -> None:
    """Expressions name their parts: one that is named keeps its name and stays."""
    rows = types_of(dictionary)
    plain = [one.name for one in rows if not one.expression]
    users = []
    for one in rows:
        if one.expression:
            parts = derived.leaves(derived.parse(one.expression, plain))
            if any(_speaks_of(part, row.name) for part in parts):
                users.append(one.name)
    if users:
        raise NamingError(_("It is part of %(names)s.") % {"names": ", ".join(users)})


def _speaks_of(part: derived.Name | derived.Side, name: str) -> bool:
    if isinstance(part, derived.Side):
        return name.startswith(part.base)
    return part.name == name


def _check_expression(dictionary: Dictionary, wish: TypeWish, row: StructureType | None) -> None:
    if row is not None and row.rules.filter(ended_in__isnull=True).exists():
        raise NamingError(_("Names stand for it; end those rules first."))
    plain = [one.name for one in types_of(dictionary) if not one.expression and one != row]
    try:
        derived.parse(wish.expression, plain)
    except ExpressionError as exc:
        raise NamingError(exc.detail) from exc
