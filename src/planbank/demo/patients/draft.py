"""All objects of one study before they are sent, so that faults can be made among them.

Comes in: a `Case` and a `Study`. Goes out: a `Draft`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from pydicom.dataset import FileDataset

from .geometry.shapes import Array
from .objects.dose import DoseGrid, beam_dose, grid_about, large_grid, plan_dose
from .objects.images import ImageSeries, Matrix, ct_series, mr_series
from .objects.ion_plan import proton_plan
from .objects.plan import photon_plan
from .objects.record import treatment_record
from .objects.structure_set import Drawn, structure_set
from .objects.study import Study
from .sites.case import Case

MATRICES = {"small": Matrix(200, 44), "clinical": Matrix(512, 180)}
MR_MATRIX = Matrix(128, 36)


@dataclass(slots=True)
class Draft:
    """One study's objects; `beams` holds each beam's dose in Gy on `grid`."""

    case: Case
    study: Study
    ct: ImageSeries
    drawn: Drawn
    plan: FileDataset | None
    grid: DoseGrid
    beams: list[Array]
    doses: list[FileDataset]
    records: list[FileDataset] = field(default_factory=list)
    mr: list[FileDataset] = field(default_factory=list)
    later: list[FileDataset] = field(default_factory=list)

    def objects(self) -> list[FileDataset]:
        """In sending order: images, structure set, plan, doses, records, then a later study."""
        plans = [] if self.plan is None else [self.plan]
        return [*self.ct.slices, *self.mr, self.drawn.ds, *plans, *self.doses, *self.records, *self.later]

    def beam_doses(self) -> list[FileDataset]:
        """A BEAM dose for each beam of the plan."""
        if self.plan is None:
            raise ValueError("beam doses name the plan's beams: there must be a plan")
        return [
            beam_dose(self.case, self.study, self.grid, gy, self.drawn, self.plan, number)
            for number, gy in enumerate(self.beams, 1)
        ]


def make_draft(
    case: Case,
    study: Study,
    *,
    size: str,
    empty: Sequence[str] = (),
    treated: bool = False,
    with_mr: bool = False,
) -> Draft:
    """Scan, draw, plan and compute; `treated` adds the record of the first fraction of a photon plan."""
    fine = size == "clinical"
    ct = ct_series(case, study, MATRICES[size])
    drawn = structure_set(case, study, ct, empty=empty, fine=fine)
    grid = large_grid(case) if fine else grid_about(case, study.habits.dose_spacing)
    beams = case.dose_model(case, grid.x, grid.y, grid.z)
    gy = np.asarray(sum(beams[1:], beams[0]), dtype=np.float32)
    shares = _shares(case, grid, beams)
    if case.particle == "PROTON":
        plan = proton_plan(case, study, drawn, ct.z, shares)
    else:
        plan = photon_plan(case, study, drawn, ct.z, shares, fine=fine)
    doses = [plan_dose(case, study, grid, gy, drawn, plan)]
    draft = Draft(case, study, ct, drawn, plan, grid, beams, doses)
    if treated and case.particle == "PHOTON":
        draft.records.append(treatment_record(study, plan))
    if with_mr:
        draft.mr = mr_series(case, study, MR_MATRIX).slices
    return draft


def _shares(case: Case, grid: DoseGrid, beams: list[Array]) -> list[float]:
    """Each beam's part of the mean dose in the highest target."""
    inside = case.target(case.prescription.levels[0][0]).on(grid.x, grid.y, grid.z) < 0
    means = [float(beam[inside].mean()) for beam in beams]
    return [mean / sum(means) for mean in means]
