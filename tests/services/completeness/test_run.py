"""Are all images here: from arrivals to verdicts and findings (R28, R29, R195)."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from pydicom.dataset import Dataset

from planbank.catalogue.models import Finding, ImageStack, Submission
from planbank.catalogue.stack_words import in_words, of_series
from planbank.house import FixedClock, House
from planbank.people.models import Sender
from planbank.pipeline.drain import overdue
from planbank.pipeline.models import Outcome
from tests.sending import ct, deposit, encoded, register_sender
from tests.services.running import run_everything

QUIET = timedelta(minutes=31)


def image(k: int, spacing: float = 1.5, **more: Any) -> Dataset:
    ds = ct()
    ds.SeriesInstanceUID, ds.StudyInstanceUID, ds.FrameOfReferenceUID = "1.2.3.4", "1.2.3", "1.2.9"
    ds.SOPInstanceUID = f"1.2.3.4.{k}"
    ds.ImagePositionPatient, ds.ImageOrientationPatient = [0, 0, -180 + spacing * k], [1, 0, 0, 0, 1, 0]
    ds.PixelSpacing, ds.InstanceNumber = [1, 1], k
    for keyword, value in more.items():
        setattr(ds, keyword, value)
    return ds


def send(house: House, *images: Dataset) -> None:
    for ds in images:
        deposit(house, encoded(ds), sop_instance_uid=ds.SOPInstanceUID)
    run_everything(house)


def later(house: House, by: timedelta = QUIET) -> House:
    """The house after a while, with what was put off to then done."""
    moved = replace(house, clock=FixedClock(house.clock.now() + by))
    overdue(moved, timedelta(0))
    run_everything(moved)
    return moved


def open_codes() -> set[str]:
    return set(Finding.objects.filter(closed_at=None).values_list("code", flat=True))


@pytest.fixture
def house(bank: House) -> House:
    register_sender()
    return bank


def test_two_missing_slices_are_told_with_their_place_and_close_when_they_come(house: House) -> None:
    lost = (45, 46)
    send(house, *(image(k) for k in range(60) if k not in lost))
    stack = ImageStack.objects.get()
    assert (stack.verdict, stack.is_final) == ("incomplete", False)
    assert open_codes() == set(), "nothing is said while more may come"
    assert Outcome.objects.get(service="completeness").state == "later"

    quiet = later(house)
    stack.refresh_from_db()
    assert (stack.verdict, stack.is_final, stack.missing) == ("incomplete", True, 2)
    assert in_words(stack).word == "2 images missing near z = -112.5, -111 mm"
    finding = Finding.objects.get(closed_at=None)
    assert (finding.code, finding.params["where"]) == ("images-incomplete", "z = -112.5, -111 mm")

    send(quiet, *(image(k) for k in lost))
    later(quiet)
    stack.refresh_from_db()
    assert (stack.verdict, stack.is_final) == ("complete", True)
    assert open_codes() == set()


def test_varying_spacing_is_no_finding(house: House) -> None:
    places = (0.0, 3.0, 6.1, 9.7, 13.9, 18.2)
    send(house, *(image(k + 1, ImagePositionPatient=[0, 0, z]) for k, z in enumerate(places)))
    later(house)
    stack = ImageStack.objects.get()
    assert (stack.verdict, in_words(stack).state) == ("cannot tell", "info")
    assert open_codes() == set()


def test_phases_and_scouts_are_judged_apart(house: House) -> None:
    phases = [
        image(k + 8 * (p - 1), ImagePositionPatient=[0, 0, 3 * k], TemporalPositionIdentifier=p)
        for p in (1, 2)
        for k in range(1, 9)
        if (p, k) != (2, 4)
    ]
    scout = image(
        999, ImageType=["ORIGINAL", "PRIMARY", "LOCALIZER"], ImageOrientationPatient=[1, 0, 0, 0, 0, -1]
    )
    send(house, *phases, scout)
    later(house)
    found = {stack.mark: (stack.verdict, stack.images) for stack in ImageStack.objects.all()}
    assert found == {"phase 1": ("complete", 8), "phase 2": ("incomplete", 7), "": ("scout", 1)}
    said = of_series(list(ImageStack.objects.all()))
    assert said is not None and said.word == "2 stacks: 1 image missing near z = 12 mm"


def test_an_open_association_of_the_patient_holds_the_verdict_up(house: House) -> None:
    send(house, *(image(k) for k in range(1, 6)))
    open_one = Submission.objects.values_list("association_id", flat=True)[0]
    house.tray.publish("associations", {"version": 1, "pid": 1, "open": [{"id": open_one}]})
    quiet = later(house)
    assert not ImageStack.objects.get().is_final
    house.tray.publish("associations", {"version": 1, "pid": 1, "open": []})
    later(quiet, timedelta(minutes=2))
    assert ImageStack.objects.get().is_final


def test_images_moved_to_another_version_are_judged_anew(house: House) -> None:
    """The same image again at another place: the new version counts, the hole shows."""
    send(house, *(image(k) for k in range(1, 9)))
    send(house, image(4, ImagePositionPatient=[0, 0, 500.0]))
    later(house)
    assert ImageStack.objects.get().verdict != "complete"


def test_a_sender_that_pauses_longer_has_a_quiet_time_of_its_own(house: House) -> None:
    """model.md: a per-sender quiet time."""
    Sender.objects.update(quiet_minutes=120)
    send(house, *(image(k) for k in range(20)))
    assert not ImageStack.objects.filter(is_final=True).exists()
    moved = later(house)
    assert not ImageStack.objects.filter(is_final=True).exists()
    later(moved, timedelta(minutes=90))
    assert ImageStack.objects.get().is_final
