"""Changing the rules of a dictionary (R56, R67).

Comes in: an act, a dictionary, the number of the edition its editor saw, what is to change. Goes out:
the new edition. Raises ChangedMeanwhile where somebody else changed the dictionary since, and
NamingError in plain words where a line cannot be.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.db import transaction
from django.db.models import F, Q
from django.utils.translation import gettext as _

from planbank.dicom.patterns import Pattern, normal
from planbank.errors import ChangedMeanwhile, NamingError
from planbank.naming.models import Dictionary, DictionaryRule, Edition
from planbank.naming.queries.dictionaries import lane_of_dictionary
from planbank.pipeline.due import BACKGROUND, make_due
from planbank.protocols.act import Act
from planbank.protocols.models import Participation, StructureType


@dataclass(frozen=True, slots=True)
class Line:
    """`entry` stands for the structure type, in data from an institution (None: all)."""

    entry: str
    structure_type: int
    institution: int | None = None


def new_edition(
    act: Act, dictionary: Dictionary, seen: int | None, kind: Edition.Kind, **params: Any
) -> Edition:
    """The next edition; the dictionary stays locked until the transaction ends. `seen` None: any."""
    rows = Dictionary.objects.filter(pk=dictionary.pk)
    rows = rows if seen is None else rows.filter(edition=seen)
    if not rows.update(edition=F("edition") + 1):
        raise ChangedMeanwhile
    dictionary.refresh_from_db()
    edition = Edition.objects.create(
        dictionary=dictionary,
        number=dictionary.edition,
        at=act.at,
        by=act.user,
        kind=kind,
        params=params,
        case_sensitive=dictionary.case_sensitive,
    )
    act.journal(
        "dictionary changed",
        object_kind="dictionary",
        object_id=dictionary.pk,
        **dictionary.owner.named,
        edition=edition.number,
        change=kind.value,
    )
    make_due("dictionary", [(dictionary.pk, lane_of_dictionary(dictionary.pk))], act.at, priority=BACKGROUND)
    return edition


@transaction.atomic
def change_rules(
    act: Act,
    dictionary: Dictionary,
    seen: int | None,
    add: Iterable[Line] = (),
    end: Iterable[int] = (),
    kind: Edition.Kind = Edition.Kind.RULE,
    **params: Any,
) -> Edition:
    """End rules and add others, all or none, as one edition. Lines that stand already are passed over."""
    end = set(end)
    ended = dictionary.rules.filter(pk__in=end, ended_in__isnull=True)
    if ended.count() != len(end):
        raise ChangedMeanwhile
    lines = [_checked(dictionary, line) for line in dict.fromkeys(add)]
    edition = new_edition(act, dictionary, seen, kind, **params)
    ended.update(ended_in=edition)
    standing = set(
        dictionary.rules.filter(ended_in__isnull=True).values_list("entry", "structure_type", "institution")
    )
    fresh = [one for one in lines if (one.entry, one.structure_type, one.institution) not in standing]
    DictionaryRule.objects.bulk_create(
        DictionaryRule(
            dictionary=dictionary,
            entry=one.entry,
            structure_type_id=one.structure_type,
            institution_id=one.institution,
            added_in=edition,
        )
        for one in fresh
    )
    edition.params = {**edition.params, "added": len(fresh), "ended": len(end)}
    edition.save(update_fields=["params"])
    return edition


@transaction.atomic
def set_case(act: Act, dictionary: Dictionary, seen: int, case_sensitive: bool) -> Edition:
    """Whether capitals count (R59)."""
    Dictionary.objects.filter(pk=dictionary.pk).update(case_sensitive=case_sensitive)
    dictionary.refresh_from_db()
    return new_edition(act, dictionary, seen, Edition.Kind.CASE, case_sensitive=case_sensitive)


@transaction.atomic
def undo(act: Act, dictionary: Dictionary, seen: int, edition: Edition) -> Edition:
    """Take one edition back: what it added ends, what it ended stands again, whatever came after it.

    Rules and choices that somebody ended or made anew since are left as they are.
    """
    if edition.kind == Edition.Kind.CASE:
        return set_case(act, dictionary, seen, not edition.case_sensitive)
    done = new_edition(act, dictionary, seen, Edition.Kind.UNDO, undone=edition.number)
    for rows, ended in ((dictionary.rules, edition.rules_ended), (dictionary.choices, edition.choices_ended)):
        rows.filter(added_in=edition, ended_in__isnull=True).update(ended_in=done)
        for row in ended.all():
            row.pk, row.added_in, row.ended_in = None, done, None
            if not rows.filter(_same(row)).exists():
                row.save(force_insert=True)
    types = StructureType.objects
    types.filter(pk=edition.params.get("retired", 0)).update(retired_at=None)
    types.filter(pk=edition.params.get("made", 0)).update(retired_at=act.at)
    return done


def _same(row: Any) -> Q:
    """What is in force already in the place of this row."""
    if isinstance(row, DictionaryRule):
        names = ("entry", "structure_type_id", "institution_id")
    else:
        names = ("patient_file_id", "structure_set_uid", "structure_type_id", "roi_number")
    values = {name: getattr(row, name) for name in names}
    none = {f"{name}__isnull": True for name, value in values.items() if value is None}
    return Q(ended_in__isnull=True, **none, **{k: v for k, v in values.items() if v is not None})


def _checked(dictionary: Dictionary, line: Line) -> Line:
    """The line as it is kept. Raises NamingError."""
    entry = normal(line.entry)
    try:
        Pattern(entry)
    except ValueError as exc:
        raise NamingError(str(exc)) from exc
    types = StructureType.objects.filter(pk=line.structure_type, retired_at__isnull=True)
    owner = {"protocol": dictionary.protocol} if dictionary.protocol else {"project": dictionary.project}
    kind = types.filter(**owner).first()
    if kind is None:
        raise NamingError(_("There is no such structure type here."))
    if kind.expression:
        raise NamingError(_("%(name)s is made of other structures; no name stands for it.") % {"name": kind})
    if line.institution is not None and not _takes_part(dictionary, line.institution):
        raise NamingError(_("This institution does not take part."))
    return Line(entry, line.structure_type, line.institution)


def _takes_part(dictionary: Dictionary, institution: int) -> bool:
    if dictionary.protocol is None:
        return True
    rows = Participation.objects.filter(protocol=dictionary.protocol, institution=institution)
    return rows.exists()
