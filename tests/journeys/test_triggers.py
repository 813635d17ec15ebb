"""Send and forget (R192): an empty ROI files the plan, nobody signs in; the four ways it goes wrong."""

from __future__ import annotations

import random
import re
from pathlib import Path

import pytest
from pydicom.dataset import Dataset

from planbank.demo.patients import make_patient, part10
from tests.journeys.live import Browser, Live

NAME = "DBCG_PROTON"
PROTOCOLS = f"""
[[controller]]
name = "Region"

[[protocol]]
short_name = "PROTON"
title = "Proton or photon"
kind = "demo"
purpose = "To show it"
legal_basis = "None needed"
controllers = ["Region"]
contacts = [{{name = "Kaya", role = "key user", email = "kaya@example.org"}}]
status = "active"

[[protocol]]
short_name = "CLOSED-TO-US"
title = "Other centres only"
kind = "demo"
purpose = "To show it"
legal_basis = "None needed"
controllers = ["Region"]
contacts = [{{name = "Kaya", role = "key user", email = "kaya@example.org"}}]
status = "active"

[[participation]]
protocol = "PROTON"
institution = "OUH"

[[trigger]]
protocol = "PROTON"
roi_name = "{NAME}"

[[trigger]]
protocol = "CLOSED-TO-US"
roi_name = "OTHER_TRIAL"

[[user]]
username = "kaya"
name = "Kaya Key"

[[grant]]
user = "kaya"
role = "key-user"
protocol = "PROTON"
see = "pseudonymised"
"""


@pytest.fixture(scope="module")
def kaya(live: Live) -> Browser:
    live.apply(PROTOCOLS)
    live.set_password("kaya", "a long enough password")
    return live.sign_in("kaya", "a long enough password")


@pytest.fixture(scope="module")
def mette(live: Live) -> Browser:
    """A physicist of OUH."""
    live.set_password("mette", "a long enough password")
    return live.sign_in("mette", "a long enough password")


def patient(seed: int, roi: str, *, drawn: bool = False, dose: bool = True) -> list[Dataset]:
    """A synthetic patient with every twelfth image, its dose first, the rest in any order."""
    objects = list(make_patient("prostate", seed=seed, trigger_roi=roi).objects)
    for ds in objects:
        if drawn and "ROIContourSequence" in ds:
            number = next(r.ROINumber for r in ds.StructureSetROISequence if r.ROIName == roi)
            items = {item.ReferencedROINumber: item for item in ds.ROIContourSequence}
            empty = items.get(number) or Dataset()
            empty.ReferencedROINumber = number
            empty.ContourSequence = ds.ROIContourSequence[0].ContourSequence
            if number not in items:
                ds.ROIContourSequence.append(empty)
    images = [ds for ds in objects if ds.Modality == "CT"]
    rest = [ds for ds in objects if ds.Modality != "CT" and (dose or ds.Modality != "RTDOSE")]
    chosen = [*images[::12], *rest]
    random.Random(seed).shuffle(chosen)
    return sorted(chosen, key=lambda ds: ds.Modality != "RTDOSE")


def send(live: Live, folder: Path, objects: list[Dataset]) -> None:
    """Each object over an association of its own, as some planning systems do."""
    for number, ds in enumerate(objects):
        file = folder / f"{number:03d}.dcm"
        file.write_bytes(part10(ds))
        node = f"127.0.0.1:{live.dicom_port}"
        live.planbank("send", str(file), "--to", node, "--calling", "DEMO_TPS")
    live.settled()


def plans(browser: Browser) -> list[str]:
    return re.findall(r'href="/plans/(\d+)/"', browser.get("/plans/")[1])


def test_send_and_forget_files_the_plan_with_its_dvhs(live: Live, kaya: Browser, tmp_path: Path) -> None:
    assert plans(kaya) == []
    send(live, tmp_path, patient(21, NAME))
    (number,) = set(plans(kaya))
    page = kaya.get(f"/plans/{number}/")[1]
    assert "Shown under a pseudonym" in page and "DVH" in page
    assert "No dose received" not in page
    listed = [kaya.get(f"/protocols/{number}/triggers/")[1] for number in (1, 2)]
    assert any(NAME in page and "filed" in page for page in listed)


@pytest.mark.parametrize(
    ("seed", "roi", "more", "says"),
    [
        (22, NAME, {"drawn": True}, "has contours"),
        (23, "DBCG_PROTN", {}, f"looks like {NAME}"),
        (24, "OTHER_TRIAL", {}, "does not take part"),
    ],
)
def test_what_goes_wrong_is_told_to_the_centre_and_not_filed(
    live: Live,
    kaya: Browser,
    mette: Browser,
    tmp_path: Path,
    seed: int,
    roi: str,
    more: dict[str, bool],
    says: str,
) -> None:
    before = set(plans(kaya))
    send(live, tmp_path, patient(seed, roi, **more))
    assert set(plans(kaya)) == before
    found = {number: mette.get(f"/plans/{number}/")[1] for number in set(plans(mette)) - before}
    assert any(says in page for page in found.values()), sorted(found)


def test_without_its_dose_it_is_filed_and_waits_for_it(live: Live, kaya: Browser, tmp_path: Path) -> None:
    before = set(plans(kaya))
    objects = patient(25, NAME)
    doses = [ds for ds in objects if ds.Modality == "RTDOSE"]
    send(live, tmp_path, [ds for ds in objects if ds.Modality != "RTDOSE"])
    (number,) = set(plans(kaya)) - before
    assert "No dose received" in kaya.get(f"/plans/{number}/")[1]
    send(live, tmp_path, doses)
    assert "No dose received" not in kaya.get(f"/plans/{number}/")[1]
