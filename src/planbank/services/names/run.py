"""The service names.

Comes in: a patient file that was linked anew, or that joined or left a protocol. Goes out: findings about
required and forbidden structure types (R68), and derived types that are due, by every dictionary its plans
stand under.
"""

from __future__ import annotations

from collections.abc import Iterator

from django.db.models import Q

from planbank.analysis.actions.ruling import lane_of_protocol
from planbank.catalogue.findings import settle
from planbank.catalogue.lanes import lane_of
from planbank.catalogue.models import Finding, PatientFile
from planbank.house import House
from planbank.naming.queries.readings import dictionaries_of, members_of
from planbank.pipeline.due import ARRIVAL, make_due
from planbank.pipeline.registry import Done, Result, Subject, service
from planbank.protocols.constraints.due import constraints_due
from planbank.protocols.models import Membership, Protocol
from planbank.services.names.judge import judge, source_of


def subjects() -> Iterator[Subject]:
    """Every patient file of which something stands in a protocol."""
    rows = (
        Membership.objects.filter(removed_at__isnull=True).order_by().values_list("patient_file", flat=True)
    )
    for pk in rows.distinct().iterator(5000):
        yield pk, lane_of(pk)


@service(subject="patient file", version=1, subjects=subjects, after=["link", "members"])
def names(house: House, patient_file_id: int) -> Result:
    """Reads each plan by the dictionaries of its protocols and of projects that may use them"""
    if not PatientFile.objects.filter(pk=patient_file_id).exists():
        return Done("the patient file is gone")
    now, due, sources = house.clock.now(), 0, set()
    for dictionary in dictionaries_of(patient_file_id).select_related("protocol", "project"):
        sources.add(source_of(dictionary))
        due += judge(dictionary, members_of(dictionary).filter(patient_file=patient_file_id), now, ARRIVAL)
    _close(patient_file_id, sources, house)
    constraints_due([patient_file_id], now)
    _analyse_anew(patient_file_id, house)
    return Done(f"{due} calculations due" if due else "")


def _analyse_anew(patient_file_id: int, house: House) -> None:
    """Plans that came or went may change which are analysed, also of those that another centre sent."""
    held = Membership.objects.filter(patient_file=patient_file_id)
    ruled = Protocol.objects.filter(pk__in=held.values("protocol"))
    ruled = ruled.filter(Q(analysis_rules__isnull=False) | Q(analysis_choices__isnull=False))
    pks = list(ruled.values_list("pk", flat=True).distinct())
    if pks:
        others = PatientFile.objects.exclude(pk=patient_file_id).filter(
            patient__isnull=False, patient__files=patient_file_id
        )
        constraints_due(others.values_list("pk", flat=True), house.clock.now())
    make_due("add_up", [(pk, lane_of_protocol(pk)) for pk in pks], house.clock.now())


def _close(patient_file_id: int, kept: set[str], house: House) -> None:
    """What dictionaries of protocols said in which nothing of the patient stands any more."""
    rows = Finding.objects.filter(patient_file=patient_file_id, source__startswith="names ", closed_at=None)
    for source in set(rows.values_list("source", flat=True)) - kept:
        settle(patient_file_id, source, (), house.clock.now())
