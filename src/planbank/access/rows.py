"""From paths to rows: the SQL of the policy.

Comes in: a standing, an action, a queryset and its columns. Goes out: the queryset narrowed and
annotated. The paths are read before, so the database is asked with plain numbers: 'institution in
(1, 2) or exists a member of protocol 7', one index probe a row.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime
from typing import Any, TypeVar

from django.db.models import (
    BigIntegerField,
    Case,
    CharField,
    Exists,
    IntegerField,
    Model,
    OuterRef,
    Q,
    QuerySet,
    Subquery,
    Value,
    When,
)
from django.db.models.functions import Coalesce

from planbank.access.roles import Reach
from planbank.access.scopes import Columns, Scope
from planbank.access.standing import Path, Standing
from planbank.protocols.levels import See, TakeOut
from planbank.protocols.models import Enrolment, Membership, Participant, ProjectItem

M = TypeVar("M", bound=Model)


def narrowed(
    standing: Standing,
    action: str,
    queryset: QuerySet[M],
    columns: Columns,
    at: datetime,
    scope: Scope | None,
    *,
    judge: bool = True,
) -> QuerySet[M]:
    """The rows on which the action is allowed; see policy.visible. `judge=False`: as if all paths held."""
    if action == "data.add":
        return _addable(standing, queryset, columns, at, scope)
    paths = list(standing.giving(action)) if not judge else standing.in_force(action, at)
    own = frozenset(p.scope.id for p in paths if p.scope.kind == "institution")
    through = [p for p in paths if p.protocol and p.actions[action] in (Reach.SCOPE, Reach.LEVEL)]
    if scope is not None and scope.kind == "institution":
        own, through = own & {scope.id}, [_only(p, scope.id) for p in through]
    elif scope is not None:
        through = [p for p in through if scope in (p.scope, _protocol_of(p))]
    if not _kind(columns):
        return queryset.filter(_of(columns, own))
    mine = _of(columns, own)
    if scope is not None and scope.kind != "institution":
        mine &= Q(_members(columns, _inside(scope)))
    found = queryset.filter(mine | Q(_members(columns, whose(through))) if through else mine)
    return _annotated(found, columns, own, through, scope)


def whose(paths: Iterable[Path]) -> Q:
    """The memberships that these paths show; none where there is no path."""
    everything: set[int] = set()
    found = Q(pk__in=[])
    for path in paths:
        assert path.protocol is not None
        if path.institutions is None and not path.listed:
            everything.add(path.protocol.id)
            continue
        one = Q(protocol=path.protocol.id)
        if path.institutions is not None:
            one &= Q(institution__in=sorted(path.institutions))
        if path.listed and path.project:
            items = ProjectItem.objects.filter(
                membership=OuterRef("pk"), project=path.project.id, added_at__lte=path.listed
            )
            one &= Q(Exists(items))
        found |= one
    return found | Q(protocol__in=sorted(everything)) if everything else found


def _addable(
    standing: Standing, queryset: QuerySet[M], columns: Columns, at: datetime, scope: Scope | None
) -> QuerySet[M]:
    """One's own institutions' rows, where a grant lets one add them to the protocol."""
    own = standing.own_institutions(at)
    reach: set[int] = set()
    for path in standing.in_force("data.add", at, scope):
        reach |= own if path.institutions is None else own & path.institutions
    return queryset.filter(_of(columns, reach))


def _annotated(
    queryset: QuerySet[M],
    columns: Columns,
    own: frozenset[int],
    through: list[Path],
    scope: Scope | None,
) -> QuerySet[M]:
    """Levels, the protocol that gives them, and the names rows go by there.

    Inside a protocol one's own institution's rows carry its pseudonym and trial ID too.
    """
    sees = _best(columns, own, through, "see", int(See.IDENTIFIED))
    takes = _best(columns, own, through, "take_out", int(TakeOut.RAW))
    found = queryset.annotate(seen_as=sees, take_as=takes, seen_through=_through(columns, own, through))
    if not columns.patient:
        return found
    protocol: Any = OuterRef("seen_through")
    if scope is not None and scope.kind == "protocol":
        protocol = scope.id
    return found.annotate(
        pseudonym=_name(Enrolment, "pseudonym", columns, protocol),
        trial_id=_name(Participant, "trial_id", columns, protocol),
    )


def _best(columns: Columns, own: frozenset[int], through: list[Path], level: str, most: int) -> Case:
    """CASE: one's own institution most; then the highest level whose paths show the row."""
    cases = [When(_of(columns, own), then=Value(most))] if own else []
    levels = sorted({int(getattr(p, level)) for p in through}, reverse=True)
    for value in levels[:-1]:
        paths = [p for p in through if getattr(p, level) >= value]
        cases.append(When(Exists(_rows(columns, whose(paths))), then=Value(value)))
    lowest = levels[-1] if levels else 0
    return Case(*cases, default=Value(lowest), output_field=IntegerField())


def _through(columns: Columns, own: frozenset[int], through: list[Path]) -> Any:
    """The protocol of the best membership; empty where the row is one's own institution's."""
    if not through:
        return Value(None, output_field=BigIntegerField())
    levels = sorted({int(p.see) for p in through}, reverse=True)
    ranks = [When(whose([p for p in through if p.see == value]), then=Value(value)) for value in levels]
    best = _rows(columns, whose(through)).annotate(rank=Case(*ranks, default=Value(0)))
    inner = Subquery(
        best.order_by("-rank", "protocol").values("protocol")[:1], output_field=BigIntegerField()
    )
    if not own:
        return inner
    return Case(When(_of(columns, own), then=Value(None)), default=inner, output_field=BigIntegerField())


def _name(model: Any, field: str, columns: Columns, protocol: Any) -> Any:
    rows = model.objects.filter(protocol=protocol, patient=OuterRef(columns.patient))
    return Coalesce(Subquery(rows.values(field)[:1]), Value(""), output_field=CharField())


def _of(columns: Columns, institutions: Iterable[int]) -> Q:
    return Q(**{f"{columns.institution}__in": sorted(institutions)})


def _members(columns: Columns, condition: Q) -> Exists:
    return Exists(_rows(columns, condition))


def _rows(columns: Columns, condition: Q) -> QuerySet[Membership]:
    """Memberships in force of the outer row."""
    return Membership.objects.in_force().filter(_join(columns), condition)


def _join(columns: Columns) -> Q:
    if columns.instance:
        return Q(instance=OuterRef(columns.instance)) | Q(
            series=OuterRef(columns.series), instance__isnull=True
        )
    if columns.series:
        return Q(series=OuterRef(columns.series))
    if columns.study:
        return Q(series__study=OuterRef(columns.study))
    if columns.plan_set:
        file, uid = columns.plan_set
        return Q(patient_file=OuterRef(file), sop_instance_uid=OuterRef(uid))
    return Q(patient_file=OuterRef(columns.patient_file))


def _kind(columns: Columns) -> bool:
    """Whether the columns lead to members at all."""
    return bool(
        columns.instance or columns.series or columns.study or columns.plan_set or columns.patient_file
    )


def _inside(scope: Scope) -> Q:
    """Memberships in a protocol, or listed or reused by a project."""
    if scope.kind == "protocol":
        return Q(protocol=scope.id)
    return Q(project_items__project=scope.id)


def _protocol_of(path: Path) -> Scope | None:
    return Scope("protocol", path.protocol.id) if path.protocol else None


def _only(path: Path, institution: int) -> Path:
    """A path narrowed to one institution."""
    kept = frozenset({institution}) if path.institutions is None else path.institutions & {institution}
    return replace(path, institutions=kept)
