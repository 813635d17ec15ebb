"""What stands in protocols: RT objects one by one, images by series."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from django.http import HttpRequest
from ninja import Query, Router, Schema

from planbank.access.queries.members import members_seen
from planbank.api.paging import After, Limit, cut
from planbank.api.problems import Problem
from planbank.api.scope import InProject, InProtocol, moment_of, note, reader_in
from planbank.protocols.models import Enrolment, Membership, Participant

router = Router(tags=["protocols"])
AsOf = Annotated[
    datetime | None, Query(default=None, description="as it stood then, with its zone; else as it stands")
]


class MembershipOut(Schema):
    """One member of a protocol. `instance` null: a whole series of images. It names no patient."""

    id: int
    protocol: str
    institution: str
    pseudonym: str
    trial_id: str
    patient: int
    modality: str
    series: int
    instance: int | None
    added_at: datetime
    via: str
    removed_at: datetime | None


class Memberships(Schema):
    """A page of members."""

    items: list[MembershipOut]
    next: str | None


@router.get(
    "/memberships", response={200: Memberships, 401: Problem, 403: Problem, 404: Problem, 422: Problem}
)
def memberships(
    request: HttpRequest,
    after: After,
    limit: Limit,
    protocol: InProtocol,
    project: InProject,
    as_of: AsOf,
) -> dict[str, object]:
    """Members of protocols that you may list."""
    reader = reader_in(request, protocol, project)
    moment = moment_of(as_of, reader)
    rows = members_seen(reader.user, "data.list", reader.at, reader.scope, moment)
    related = rows.select_related("protocol", "institution", "series", "patient_file")
    items, further = cut(related, reader, after, limit)
    note(request, "memberships", protocol=protocol)
    return {"items": _shown(items), "next": further}


def _shown(rows: list[Membership]) -> list[MembershipOut]:
    protocols = {row.protocol_id for row in rows}
    patients = {row.patient_file.patient_id for row in rows}
    here = {"protocol__in": protocols, "patient__in": patients}
    names = {
        (a, b): c
        for a, b, c in Enrolment.objects.filter(**here).values_list("protocol", "patient", "pseudonym")
    }
    trials = {
        (a, b): c
        for a, b, c in Participant.objects.filter(**here).values_list("protocol", "patient", "trial_id")
    }
    found = []
    for row in rows:
        key = (row.protocol_id, row.patient_file.patient_id or 0)
        found.append(
            MembershipOut(
                id=row.pk,
                protocol=row.protocol.short_name,
                institution=row.institution.code,
                pseudonym=names.get(key, ""),
                trial_id=trials.get(key, ""),
                patient=row.patient_file_id,
                modality=row.series.modality,
                series=row.series_id,
                instance=row.instance_id,
                added_at=row.added_at,
                via=row.via,
                removed_at=row.removed_at,
            )
        )
    return found
