"""The end state does not depend on how or when a set came (R13, R185)."""

from __future__ import annotations

import random
from typing import Any

import pytest
from pydicom.dataset import Dataset
from pydicom.uid import ExplicitVRLittleEndian, ImplicitVRLittleEndian

from planbank.catalogue.models import Dvh, Finding, InstanceVersion, Member, PlanSet, Submission
from planbank.house import House
from tests.made import thinned
from tests.sending import deposit, register_sender
from tests.services.running import run_everything

SITES = ["prostate", "proton"]


def send(
    house: House, ds: Dataset, association: str = "a" * 32, syntax: str = ExplicitVRLittleEndian
) -> None:
    deposit(house, ds, association_id=association, syntax=syntax)


def state() -> dict[str, Any]:
    """Everything that people see of what belongs together, without row ids and times."""
    return {
        "plan sets": sorted(PlanSet.objects.values_list("kind", "sop_instance_uid", "label", "technique")),
        "members": sorted(
            (m.plan_set.sop_instance_uid, m.role, m.means, _name(m))
            for m in Member.objects.select_related("plan_set", "instance", "series")
        ),
        "dvhs": sorted(
            (d.roi.name, d.volume_cc, d.outside_cc, d.mean_gy, d.max_gy, bytes(d.curve))
            for d in Dvh.objects.filter(calculation__plan_sets__isnull=False).select_related("roi")
        ),
        "findings": sorted(
            Finding.objects.filter(closed_at=None).values_list("subject_kind", "code", "params__missing")
        ),
        "pictures": sorted(PlanSet.objects.values_list("bundle__position_mm", flat=True)),
    }


def _name(member: Member) -> str:
    if member.instance is not None:
        return member.instance.sop_instance_uid
    return member.series.series_instance_uid if member.series else ""


@pytest.fixture
def sent_at_once(bank: House, request: pytest.FixtureRequest) -> tuple[list[Dataset], dict[str, Any]]:
    register_sender()
    objects = thinned(request.param)
    from django.db import transaction

    with transaction.atomic():
        for ds in objects:
            send(bank, ds)
        run_everything(bank)
        expected = state()
        transaction.set_rollback(True)
    assert expected["dvhs"], "there is something to compare"
    return objects, expected


@pytest.mark.parametrize("sent_at_once", SITES, indirect=True)
def test_one_association_per_object_dose_first_images_last(
    bank: House, sent_at_once: tuple[list[Dataset], dict[str, Any]]
) -> None:
    objects, expected = sent_at_once
    ranks = {"RTDOSE": 0, "RTPLAN": 1, "RTSTRUCT": 2, "CT": 3}
    for number, ds in enumerate(sorted(objects, key=lambda d: ranks.get(str(d.Modality), 1))):
        send(bank, ds, association=f"{number:032x}")
        run_everything(bank)
    assert state() == expected


@pytest.mark.parametrize("sent_at_once", SITES[:1], indirect=True)
@pytest.mark.parametrize("seed", range(3))
def test_shuffled_with_repeats_and_re_exports(
    bank: House, sent_at_once: tuple[list[Dataset], dict[str, Any]], seed: int
) -> None:
    objects, expected = sent_at_once
    dice = random.Random(seed)
    arrivals = [(ds, ExplicitVRLittleEndian) for ds in objects]
    arrivals += [(ds, dice.choice([ExplicitVRLittleEndian, ImplicitVRLittleEndian])) for ds in objects]
    dice.shuffle(arrivals)
    for ds, syntax in arrivals:
        send(bank, ds, syntax=syntax)
        if dice.random() < 0.2:
            run_everything(bank)
    run_everything(bank)
    assert state() == expected
    assert Submission.objects.count() == len(arrivals)


@pytest.mark.parametrize("sent_at_once", SITES[:1], indirect=True)
def test_a_re_send_later_changes_nothing(
    bank: House, sent_at_once: tuple[list[Dataset], dict[str, Any]]
) -> None:
    objects, expected = sent_at_once
    for _ in range(2):
        for ds in objects:
            send(bank, ds)
        run_everything(bank)
    assert state() == expected
    assert InstanceVersion.objects.count() == len(objects)


def test_a_new_version_of_the_structure_set_gives_new_dvhs_and_keeps_the_old(bank: House) -> None:
    """R15, R76: the latest receipt is current, older values stay."""
    register_sender()
    objects = thinned("prostate")
    for ds in objects:
        send(bank, ds)
    run_everything(bank)
    before = Dvh.objects.count()
    structure_set = next(ds for ds in objects if ds.Modality == "RTSTRUCT")
    structure_set.StructureSetROISequence[0].ROIName = "Renamed"
    send(bank, structure_set)
    run_everything(bank)
    plan_set = PlanSet.objects.get()
    current = plan_set.calculations.get()
    assert Dvh.objects.count() == 2 * before
    assert current.dvhs.filter(roi__name="Renamed").exists()
    assert current.structure_set.version.submissions.get().relation == "version"
