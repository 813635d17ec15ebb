"""What a row may not tell at the level it is seen at (R208; model.md, Levels).

Comes in: rows as `policy.visible` gives them, with `seen_as`, `pseudonym` and `trial_id`. Goes out: the
same rows, with everything that names a person emptied on the object itself, so that no template,
table or file can show what its reader may not see. Nothing here is ever saved.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from django.db.models.query import ModelIterable
from django.utils.translation import gettext as _

from planbank.catalogue.models import Instance, PatientFile, PlanSet, Series, Study
from planbank.catalogue.names import showable
from planbank.protocols.levels import See


def is_veiled(row: Any) -> bool:
    """Whether the reader of this row does not see who it is. Rows that nobody judged are veiled."""
    return getattr(row, "seen_as", See.NONE) < See.IDENTIFIED


class Veiled(ModelIterable):
    """Rows of a queryset, each veiled as it is read, so that it cannot be forgotten."""

    def __iter__(self) -> Iterator[Any]:
        for row in super().__iter__():
            if is_veiled(row):
                veil(row)
            yield row


def veil(row: Any) -> None:
    """Empty what names a person, on the row and on what was read with it."""
    match row:
        case PatientFile():
            _file(row, row.pseudonym, row.trial_id)
        case PlanSet():
            row.hidden_label, row.label, row.sop_instance_uid = row.label, "", ""
            _loaded(row, "patient_file", row.pseudonym, row.trial_id)
        case Study():
            row.description = row.study_instance_uid = ""
            _loaded(row, "patient_file", row.pseudonym, row.trial_id)
        case Series():
            hide_series(row)
            if "study" in row._state.fields_cache:
                row.study.description = row.study.study_instance_uid = ""
                _loaded(row.study, "patient_file", row.pseudonym, row.trial_id)
        case Instance():
            row.sop_instance_uid = ""
        case _:
            raise TypeError(f"nobody has said what a veiled {type(row).__name__} may show")


def unveil_labels(rows: Iterable[PlanSet]) -> None:
    """Give plan labels back that the name rule allows; one query for all rows."""
    hidden = [row for row in rows if getattr(row, "hidden_label", "")]
    known = showable(row.hidden_label for row in hidden)
    for row in hidden:
        row.label = row.hidden_label if row.hidden_label in known else ""


def hide_series(row: Series) -> None:
    """A series keeps its modality, number and times."""
    row.description = row.series_instance_uid = row.frame_of_reference_uid = ""


def _loaded(row: Any, name: str, pseudonym: str, trial_id: str) -> None:
    """Veil a related row, which must have been read with this one: a later read would not be veiled."""
    if name not in row._state.fields_cache:
        setattr(row, name, PatientFile(pk=row.patient_file_id))
    _file(getattr(row, name), pseudonym, trial_id)


def _file(file: PatientFile, pseudonym: str, trial_id: str) -> None:
    file.sent_id = pseudonym or _("pending")
    file.name = trial_id
    file.birth_date = file.sex = ""
    file.is_veiled = True
