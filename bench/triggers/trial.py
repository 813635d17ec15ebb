"""Many triggers on one plan set of clinical size.

Comes in: nothing. Goes out: one table. The plan set is a synthetic patient: its RT objects and one image.
Half of the triggers look for an empty ROI, half for conditions, nested ones and wildcards among them; one
of each kind fires, some nearly do. Measured as the service does it: the rules are made from their rows,
the objects are walked from their bytes, the rest is `match`. The archive is not in it.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Sequence
from typing import Any

from planbank.demo.patients import make_patient, part10
from planbank.dicom.conditions import ObjectValues, from_json
from planbank.dicom.encoding import split_part10
from planbank.dicom.structure_set import summarise
from planbank.processes.garbage import spare_what_is_loaded
from planbank.services.trigger.matching import Match, Rule, SeenRoi, match

REPEATS = 9
NAMES = (
    "HYPO_{}",
    "DBCG_PROTON_{}",
    "DAHANCA_{}",
    "SKAGEN_TRIAL1_{}",
    "PROTON_ARM_{}_LEFT",
    "NARLAL2_{}",
    "X{}",
)
CONDITIONS: tuple[dict[str, Any], ...] = (
    {"path": "StationName", "test": "equals", "value": "LINAC{}"},
    {"path": "StudyDescription", "test": "wildcard", "value": "*trial {}*arm*"},
    {"path": "BeamSequence.BeamName", "test": "contains", "value": "arm {}"},
    {"path": "BeamSequence.ControlPointSequence.NominalBeamEnergy", "test": "range", "value": "{0}7..{0}9"},
    {"path": "(0029,xx10)[SIEMENS CSA HEADER]", "test": "exists"},
    {"path": "StructureSetROISequence.ROIName", "test": "wildcard", "value": "*a*a*a*{}"},
)
Objects = Sequence[tuple[bytes, str]]


def main() -> None:
    """Print the table."""
    objects, rois = plan_set()
    spare_what_is_loaded()  # as the process work does
    print(f"{len(objects)} objects of {sum(len(d) for d, _s in objects) / 1e6:.1f} MB, {len(rois)} ROIs")
    print(f"{'triggers':>9} {'kind':<12} {'median ms':>10} {'slowest ms':>11} {'fire':>5} {'near':>5}")
    for number in (100, 1000):
        for kind, rows in (
            ("ROI names", names(number)),
            ("conditions", conditions(number)),
            ("both", both(number)),
        ):
            took, found = measured(lambda rows=rows: looked(rows, rois, objects))  # type: ignore[misc]
            whats = [one.what for one in found]
            slowest, middle = max(took) * 1000, statistics.median(took) * 1000
            fire, near = whats.count("fires"), whats.count("near miss")
            print(f"{number:>9} {kind:<12} {middle:>10.1f} {slowest:>11.1f} {fire:>5} {near:>5}")


def plan_set() -> tuple[Objects, list[SeenRoi]]:
    """RT objects and one image, with an empty ROI, and one that a slip of the pen made."""
    found = list(make_patient("prostate", seed=3, size="clinical").objects)
    images = [ds for ds in found if ds.Modality == "CT"]
    kept = [_encoded(ds) for ds in [*(ds for ds in found if ds.Modality != "CT"), images[0]]]
    rs = next(ds for ds in found if ds.Modality == "RTSTRUCT")
    rois = [SeenRoi(roi.name, roi.empty) for roi in summarise(*_encoded(rs))]
    return kept, [*rois, SeenRoi("DBCG_PROTON", True), SeenRoi("DAHANCA53", True), SeenRoi("z_help", True)]


def _encoded(ds: Any) -> tuple[bytes, str]:
    syntax, data = split_part10(part10(ds))
    return bytes(data), syntax


def names(number: int) -> list[dict[str, Any]]:
    """Rows of triggers that look for an empty ROI."""
    rest = [{"id": n, "roi_name": NAMES[n % len(NAMES)].format(n)} for n in range(2, number)]
    return [{"id": 0, "roi_name": "DBCG_PROTON"}, {"id": 1, "roi_name": "DAHANCA35"}, *rest]


def conditions(number: int) -> list[dict[str, Any]]:
    """Rows of triggers that look at attributes, two or three conditions each."""
    rows = []
    for n in range(number):
        parts = [CONDITIONS[(n + k) % len(CONDITIONS)] for k in range(2 + n % 2)]
        filled = [{**part, "value": part["value"].format(n)} if "value" in part else part for part in parts]
        rows.append({"id": number + n, "condition": {("all", "any")[n % 2]: filled}})
    rows[0]["condition"] = {"path": "Modality", "test": "equals", "value": "RTPLAN"}
    return rows


def both(number: int) -> list[dict[str, Any]]:
    """Half and half."""
    return names(number // 2) + conditions(number // 2)


def looked(rows: list[dict[str, Any]], rois: list[SeenRoi], objects: Objects) -> list[Match]:
    """What the service does with them."""
    rules = [Rule(row["id"], roi_name=row.get("roi_name", ""), condition=_condition(row)) for row in rows]
    return match(rules, rois, [ObjectValues(*one) for one in objects])


def _condition(row: dict[str, Any]) -> Any:
    return from_json(row["condition"]) if "condition" in row else None


def measured(do: Callable[[], list[Match]]) -> tuple[list[float], list[Match]]:
    """CPU seconds of each repetition after a first one, and what was found."""
    found = do()
    took = []
    for _ in range(REPEATS):
        begun = time.process_time()
        do()
        took.append(time.process_time() - begun)
    return took, found
