"""The service dictionary.

Comes in: a dictionary of which a new edition was made. Goes out: for every plan set of its protocol or
project the derived types that are due and, in a protocol, the findings about required and forbidden types,
as `names` leaves them for one patient.
"""

from __future__ import annotations

from collections.abc import Iterator

from planbank.house import House
from planbank.naming.models import Dictionary
from planbank.naming.queries.dictionaries import lane_of_dictionary
from planbank.naming.queries.readings import members_of
from planbank.pipeline.due import BACKGROUND
from planbank.pipeline.registry import Done, Result, Subject, service
from planbank.protocols.constraints.due import protocol_due
from planbank.services.names.judge import judge

PORTION = 1000


def subjects() -> Iterator[Subject]:
    """Every dictionary."""
    for pk in Dictionary.objects.values_list("pk", flat=True):
        yield pk, lane_of_dictionary(pk)


@service(subject="dictionary", version=1, subjects=subjects)
def dictionary(house: House, dictionary_id: int) -> Result:
    """Reads every plan of a protocol or project anew when its dictionary has changed"""
    row = Dictionary.objects.select_related("protocol", "project").filter(pk=dictionary_id).first()
    if row is None:
        return Done("the dictionary is gone")
    pks = list(members_of(row).order_by("patient_file", "pk").values_list("patient_file", "pk"))
    due = 0
    for files in _portions(pks):
        its = members_of(row).filter(patient_file__in=files)
        due += judge(row, its, house.clock.now(), BACKGROUND)
    if row.protocol is not None:
        protocol_due(row.protocol, house.clock.now())
    return Done(f"{len(pks)} plan sets, {due} calculations due")


def _portions(pks: list[tuple[int, int]]) -> Iterator[list[int]]:
    """Whole patient files, some hundreds at once: findings are settled file by file."""
    files = list(dict.fromkeys(file for file, _plan_set in pks))
    for start in range(0, len(files), PORTION):
        yield files[start : start + PORTION]
