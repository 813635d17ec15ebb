"""One invented patient, complete or with one fault, the same bytes for the same seed.

Comes in: site, seed, fault, size, institution. Goes out: a `SyntheticPatient` with its DICOM objects.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Literal, get_args

import numpy as np
from pydicom.dataset import FileDataset

from .anatomy.body import Build
from .draft import make_draft
from .faults import FORGOTTEN, Fault, add_replan, apply_fault
from .institutions import habits_of
from .objects.study import Study
from .persons import invent_person
from .sites.breast import breast
from .sites.case import Case, Prescription
from .sites.head_and_neck import head_and_neck
from .sites.prostate import prostate
from .sites.proton import proton

Site = Literal["head-and-neck", "breast", "prostate", "proton"]
Size = Literal["small", "clinical"]
SITES: tuple[Site, ...] = get_args(Site)

_CASES: dict[Site, Callable[..., Case]] = {
    "head-and-neck": head_and_neck,
    "breast": breast,
    "prostate": prostate,
    "proton": proton,
}
_SEX = {"breast": "F", "prostate": "M"}
STRUCTURES = {"small": 0, "clinical": 35}  # 0: as many as the site has


@dataclass(frozen=True, slots=True)
class SyntheticPatient:
    """An invented patient; `objects` are Part 10 data sets in sending order, `label` says what is treated."""

    patient_id: str
    name: str
    birth_date: date
    sex: str
    objects: list[FileDataset]
    site: str
    fault: str | None
    label: str
    institution: str


def make_patient(
    site: Site,
    *,
    seed: int,
    fault: Fault | None = None,
    size: Size = "small",
    institution: str = "OUH",
    trigger_roi: str | None = None,
    treated: bool = False,
) -> SyntheticPatient:
    """Make a patient.

    `trigger_roi` adds an empty ROI of that name, `treated` the record of the first fraction (photons only).
    'small' is 44 slices of 200 x 200 and a dose of 2.5 or 3 mm; 'clinical' is 180 slices of 512 x 512,
    a dose of 200 x 180 x 130 and 35 structures. A proton patient has an MR on the same frame as well.
    """
    rng = np.random.default_rng([seed, SITES.index(site), *institution.encode()])
    habits = habits_of(institution)
    sex = _SEX.get(site) or "FM"[int(rng.integers(2))]
    person = invent_person(rng, sex, early_day=bool(rng.random() < 0.5))
    number = f"{person.number[:6]}-{person.number[6:]}" if habits.dashed_numbers else person.number
    scanned = date(2026, 1, 5) + timedelta(days=int(rng.integers(150)))
    study = Study(f"{seed}/{site}/{institution}/{size}", person, number, habits, scanned)
    build = _build(rng, seed)
    case = _CASES[site](build, total=STRUCTURES[size])
    empty = [name for name in (trigger_roi, FORGOTTEN[site] if fault == "empty-roi" else None) if name]
    draft = make_draft(case, study, size=size, empty=empty, treated=treated, with_mr=site == "proton")
    if fault == "replan":
        again = _after_weight_loss(case, _CASES[site](_thinner(build), total=STRUCTURES[size], shrunk=2.5))
        later = replace(study, scanned=scanned + timedelta(days=21), number=2)
        add_replan(draft, make_draft(again, later, size=size))
    elif fault is not None:
        apply_fault(draft, fault)
    label = f"{case.label}, {case.technique}, {case.prescription.dose:g} Gy in {case.prescription.fractions}"
    return SyntheticPatient(
        number, person.name, person.birth_date, sex, draft.objects(), site, fault, label, habits.name
    )


def _build(rng: np.random.Generator, seed: int) -> Build:
    """A body of its own: up to 4 % larger or smaller, thin or stout, a little off the middle."""
    stretch = rng.uniform(0.96, 1.04, 3)
    return Build(
        seed=seed * 1000 + int(rng.integers(1000)),
        scale=(float(stretch[0]), float(stretch[1]), float(stretch[2])),
        shift=(
            round(float(rng.uniform(-6, 6)), 1),
            round(float(rng.uniform(-20, 20)), 1),
            float(rng.integers(-160, 160)) / 2,
        ),
        fat=round(float(rng.uniform(-1, 5)), 1),
        side=1 if rng.random() < 0.5 else -1,
    )


def _thinner(build: Build) -> Build:
    x, y, z = build.shift
    return replace(build, fat=build.fat - 3, shift=(x + 2.5, y - 3, z + 4))


def _after_weight_loss(first: Case, second: Case) -> Case:
    """The second plan treats what is left after three weeks; four ninths of the fractions are given."""
    total = first.prescription.fractions
    left = total - total * 4 // 9
    levels = tuple((key, round(gy * left / total, 2)) for key, gy in first.prescription.levels)
    return replace(second, prescription=Prescription(levels, left))
