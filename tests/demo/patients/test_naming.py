"""ROI names: complete, short enough for DICOM, and those called standard are."""

from __future__ import annotations

import csv
import re
from pathlib import Path

from planbank.demo.patients.naming import MANNERS, ORGANS, TARGETS, roi_colour, roi_kind, roi_name


def test_names_are_unique_in_each_manner_and_fit_the_element() -> None:
    for manner in MANNERS:
        names = [roi_name("", key, manner) for key in ORGANS]
        assert len(set(names)) == len(names)
        assert all(0 < len(name) <= 64 for name in names)
    assert all(len(name) <= 16 for name in (roi_name("", key, "tg263") for key in ORGANS))


def test_the_standard_names_are_in_the_table_of_tg263(shared_data: Path) -> None:
    known: set[str] = set()
    for file in ("TG263_Nomenclature_Worksheet_20170815.csv", "tg263-some-allowed-names.csv"):
        with (shared_data / "names" / file).open(encoding="utf-8", errors="replace") as lines:
            for row in csv.reader(lines):
                known.update(cell.strip() for cell in row)
    # A margin is a suffix; these keys are no organs.
    others = {"body", "couch", "isocentre", "humeral_head_l", "humeral_head_r"}
    standard = {re.sub(r"_PRV\d\d$", "", row[3]) for key, row in ORGANS.items() if key not in others}
    assert standard <= known


def test_kinds_and_colours() -> None:
    assert roi_kind("body") == "EXTERNAL"
    assert roi_kind("ptv_high") == "PTV"
    assert roi_kind("prv_cord") == "AVOIDANCE"
    assert roi_kind("parotid_l") == "ORGAN"
    for site, key in [*TARGETS, *(("", key) for key in ORGANS), ("", "zRing_04mm")]:
        colour = roi_colour(site, key)
        assert len(colour) == 3
        assert all(0 <= part <= 255 for part in colour)
    assert roi_name("prostate", "zRing_04mm", "danish") == "zRing_04mm"
