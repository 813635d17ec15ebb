"""Adding and ending the constraints of a protocol (R137, R151).

Comes in: an act, a protocol, constraints as text. Goes out: rows; every plan of the protocol is judged anew.
Raises ConstraintError in plain words; of several texts all are taken or none.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from django.db import transaction
from django.utils.translation import gettext as _

from planbank.errors import ChangedMeanwhile, ConstraintError
from planbank.protocols.act import Act
from planbank.protocols.constraints.due import protocol_due
from planbank.protocols.constraints.grammar import Limit, read
from planbank.protocols.models import Constraint, Protocol, StructureType

MOST = 200


@dataclass(frozen=True)
class Wish:
    """A constraint as typed, in one arm or (empty) in all."""

    text: str
    arm: str = ""


def limit_of(protocol: Protocol, text: str) -> Limit:
    """A constraint by the structure types of a protocol. Raises ConstraintError."""
    return read(text, types_here(protocol))


def types_here(protocol: Protocol) -> dict[str, StructureType]:
    """The structure types in use, by name."""
    return {row.name: row for row in protocol.structure_types.filter(retired_at__isnull=True)}


def in_force(protocol: Protocol) -> list[Constraint]:
    """The constraints that stand now."""
    rows = protocol.constraints.filter(ended_at__isnull=True, structure_type__retired_at__isnull=True)
    return list(rows.select_related("structure_type"))


@transaction.atomic
def add(
    act: Act, protocol: Protocol, wishes: Iterable[Wish], instead: Iterable[int] = ()
) -> list[Constraint]:
    """Add constraints and end others, all or none. What stands already is passed over."""
    Protocol.objects.select_for_update().get(pk=protocol.pk)
    ended = _end(act, protocol, instead)
    types = types_here(protocol)
    made: list[Constraint] = []
    for wish in wishes:
        limit, arm = read(wish.text, types), wish.arm.strip()
        same = protocol.constraints.filter(
            ended_at__isnull=True,
            arm=arm,
            structure_type=types[limit.type],
            metric=limit.metric,
            operator=limit.operator,
        ).first()
        if same is not None and (same.limit, same.tolerated) == (limit.limit, limit.tolerated):
            continue
        if same is not None:
            raise ConstraintError(_("There is one already: %(text)s. End it first.") % {"text": same.text})
        made.append(_row(act, protocol, types[limit.type], limit, arm))
    if protocol.constraints.filter(ended_at__isnull=True).count() > MOST:
        raise ConstraintError(_("A protocol has at most %(n)s constraints.") % {"n": MOST})
    if made or ended:
        _changed(act, protocol, added=len(made), ended=ended)
    return made


@transaction.atomic
def end(act: Act, protocol: Protocol, row: Constraint) -> None:
    """End one constraint; its verdicts go, and come back with it."""
    _changed(act, protocol, added=0, ended=_end(act, protocol, [row.pk]))


@transaction.atomic
def bring_back(act: Act, protocol: Protocol, row: Constraint) -> Constraint:
    """Undo an ending: the same constraint stands again, as a new row."""
    (made,) = add(act, protocol, [Wish(row.text, row.arm)]) or (None,)
    if made is None:
        raise ChangedMeanwhile
    return made


def _end(act: Act, protocol: Protocol, pks: Iterable[int]) -> int:
    wanted = set(pks)
    rows = protocol.constraints.filter(pk__in=wanted, ended_at__isnull=True)
    if rows.update(ended_at=act.at, ended_by=act.user) != len(wanted):
        raise ChangedMeanwhile
    return len(wanted)


def _row(act: Act, protocol: Protocol, type_: StructureType, limit: Limit, arm: str) -> Constraint:
    return Constraint.objects.create(
        protocol=protocol,
        arm=arm,
        structure_type=type_,
        metric=limit.metric,
        operator=limit.operator,
        limit=limit.limit,
        unit=limit.unit,
        tolerated=limit.tolerated,
        added_at=act.at,
        added_by=act.user,
    )


def _changed(act: Act, protocol: Protocol, **counts: int) -> None:
    act.journal(
        "change constraints",
        object_kind="protocol",
        object_id=protocol.pk,
        protocol=protocol.short_name,
        **counts,
    )
    protocol_due(protocol, act.at)
