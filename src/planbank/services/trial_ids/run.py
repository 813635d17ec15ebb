"""The service trial_ids.

Comes in: an upload with which trial IDs were given. Goes out: participants of its protocol, as soon as the
files of the patients are registered. Safe to run twice.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

from planbank.house import House
from planbank.pipeline.registry import Done, Later, Result, Subject, service
from planbank.protocols.act import Act
from planbank.uploads.models import GivenTrialId, Upload
from planbank.uploads.trial_ids import LANE, settle

SOON, LATER, LONGEST = timedelta(seconds=2), timedelta(minutes=10), timedelta(days=30)


def subjects() -> Iterator[Subject]:
    """Uploads of which some wait."""
    waiting = GivenTrialId.objects.filter(state=GivenTrialId.State.WAITING).order_by()
    for pk in waiting.values_list("upload", flat=True).distinct():
        yield pk, LANE


@service(subject="upload", version=1, subjects=subjects)
def trial_ids(house: House, upload_id: int) -> Result:
    """Records trial IDs that came with an upload"""
    row = Upload.objects.select_related("institution", "protocol", "by").filter(pk=upload_id).first()
    if row is None or row.protocol is None:
        return Done("nothing to record")
    now = house.clock.now()
    waiting = settle(Act.of(row.by, now) if row.by else Act.of_service("trial_ids", now), row)
    if not waiting or now - row.began_at > LONGEST:
        return Done(f"{waiting} wait for files that never came" if waiting else "")
    is_going = row.ended_at is None and now - row.began_at < timedelta(hours=1)
    return Later(now + (SOON if is_going else LATER), "The files are not registered yet.")
