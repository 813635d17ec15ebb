"""The table of ROIs: digits, bounds, notes, order."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from planbank.catalogue.models import Dvh, Roi
from planbank.dose.curve import pack
from planbank.dose.flags import FLAGS
from planbank.dose.metrics import MetricValue
from planbank.web.pages.plan import rows


def roi(number: int, name: str, kind: str = "ORGAN", **fields: Any) -> Roi:
    return Roi(pk=number, number=number, name=name, type=kind, contour_count=9, **fields)


def stored(of: Roi, top: float = 50.0, volume: float = 100.0, **fields: Any) -> Dvh:
    count = int(top * 100) + 2
    curve = np.maximum(volume * (1 - np.arange(count) / (count - 2)), 0.0)
    values = {"volume_cc": volume, "outside_cc": 0.0, "min_gy": 0.0, "mean_gy": top / 2, "max_gy": top}
    return Dvh(roi=of, curve=pack(curve), algorithm="slab-1", edge_gy=0.0, **{**values, **fields})


def table(rois: list[Roi], dvhs: dict[int, Dvh], **asked: Any) -> rows.RoiTable:
    return rows.table_of(rois, dvhs, **{"every": True, "sort": "", "waits": False, **asked})


def test_a_row_shows_the_numbers_of_the_stored_dvh() -> None:
    heart = roi(1, "Hjerte")
    row = table([heart], {1: stored(heart)}).shown[0]
    assert (row.volume, row.mean, row.max) == ("100.0", "25.00", "50.00")
    assert (row.d95, row.d2cc) == ("2.50", "49.00")
    assert row.reason == "" and row.notes == []


def test_an_roi_too_small_for_2_cc_has_a_hyphen_there() -> None:
    lens = roi(1, "Lens")
    row = table([lens], {1: stored(lens, volume=0.083)}).shown[0]
    assert (row.volume, row.d2cc) == ("0.083", "-")


def test_why_there_are_no_numbers() -> None:
    empty, outside, lost = roi(1, "LAD", is_empty=True), roi(2, "Foot"), roi(3, "New")
    nothing = {"min_gy": None, "mean_gy": None, "max_gy": None}
    dvhs = {
        1: stored(empty, volume=0.0, flags=["empty"], **nothing),
        2: stored(outside, outside_cc=100.0, flags=["outside"], **nothing),
    }
    shown = {row.roi.name: row for row in table([empty, outside, lost], dvhs).shown}
    assert shown["LAD"].reason == "no contours"
    assert shown["Foot"].reason == "outside the dose grid"
    assert shown["Foot"].volume == "100.0" and shown["Foot"].mean == "-"
    assert shown["New"].reason == "not calculated"
    waiting = table([lost], {}, waits=True).shown[0]
    assert waiting.reason == "" and waiting.volume == "-"


@pytest.mark.parametrize(
    ("found", "said"),
    [
        (None, "-"),
        (MetricValue("D2cc", None, "Gy", "too-small"), "-"),
        (MetricValue("D95%", 12.345, "Gy"), "12.35"),
        (MetricValue("D95%", 12.3, "Gy", "outside", 12.3, 14.0), "≥ 12.30"),
        (MetricValue("D95%", None, "Gy", "outside", 0.0, 1.5), "≤ 1.50"),
        (MetricValue("D95%", None, "Gy", "outside"), "-"),
    ],
)
def test_bounds_stand_where_the_value_depends_on_tissue_without_dose(
    found: MetricValue | None, said: str
) -> None:
    assert rows.bounded(found) == said


def test_the_part_outside_the_grid_is_said_first() -> None:
    body = roi(1, "BODY", "EXTERNAL")
    flags = ["gap", "partly-outside"]
    row = table([body], {1: stored(body, outside_cc=12.4, flags=flags)}).shown[0]
    assert row.notes == ["12 % outside", "planes are missing"]
    hardly = table([body], {1: stored(body, outside_cc=0.01, flags=flags)}).shown[0]
    assert hardly.notes[0] == "<1 % outside"


def test_every_flag_of_the_science_is_said_somewhere() -> None:
    said_otherwise = {"empty", "outside", "partly-outside", "gy-rbe"}
    assert set(FLAGS) == set(rows.note_words()) | said_otherwise


def test_couches_and_empty_ones_show_up_when_all_are_asked_for() -> None:
    rois = [roi(1, "Couch", "SUPPORT"), roi(2, "Heart"), roi(3, "LAD", is_empty=True), roi(4, "PTV", "PTV")]
    assert [row.roi.name for row in table(rois, {}, every=False).shown] == ["PTV", "Heart"]
    assert [row.roi.name for row in table(rois, {}).shown] == ["PTV", "Heart", "Couch", "LAD"]
    only_couch = table(rois[:1], {}, every=False)
    assert [row.roi.name for row in only_couch.shown] == ["Couch"]


@pytest.mark.parametrize(
    ("sort", "names"),
    [
        ("", ["PTV", "Aorta", "Heart", "LAD"]),
        ("name", ["Aorta", "Heart", "LAD", "PTV"]),
        ("-name", ["PTV", "LAD", "Heart", "Aorta"]),
        ("mean", ["Heart", "Aorta", "PTV", "LAD"]),
        ("-mean", ["PTV", "Aorta", "Heart", "LAD"]),
        ("-d2cc", ["PTV", "Aorta", "Heart", "LAD"]),
        ("volume", ["Aorta", "Heart", "PTV", "LAD"]),
        ("-max", ["PTV", "Aorta", "Heart", "LAD"]),
        ("nonsense", ["PTV", "Aorta", "Heart", "LAD"]),
    ],
)
def test_rows_without_a_value_come_last_in_any_order(sort: str, names: list[str]) -> None:
    rois = [roi(1, "Aorta"), roi(2, "Heart"), roi(3, "LAD", is_empty=True), roi(4, "PTV", "PTV")]
    dvhs = {
        1: stored(rois[0], 30.0, volume=20.0),
        2: stored(rois[1], 20.0, volume=50.0),
        4: stored(rois[3], 60.0, volume=90.0),
    }
    assert [row.roi.name for row in table(rois, dvhs, sort=sort).shown] == names


def test_colours_stay_when_the_order_or_the_choice_changes() -> None:
    rois = [roi(n, f"O{n}") for n in range(1, 6)] + [roi(9, "Couch", "SUPPORT")]
    plain = {row.roi.number: row.line for row in table(rois, {}).shown}
    for asked in ({"sort": "-name"}, {"every": False}):
        for row in table(rois, {}, **asked).shown:
            assert row.line == plain[row.roi.number]


def test_the_plot_as_numbers() -> None:
    heart = roi(1, "Hjerte")
    heads, twin = rows.twin_of(table([heart], {1: stored(heart, 60.0)}))
    assert heads[:3] == ["0", "10", "20"] and heads[-1] == "60"
    row, cells = twin[0]
    assert row.roi.name == "Hjerte"
    assert cells[:3] == ["100.0", "83.3", "66.7"] and cells[-1] == "0.0"


def test_a_small_dose_is_read_in_small_steps() -> None:
    heart = roi(1, "Hjerte")
    heads, _twin = rows.twin_of(table([heart], {1: stored(heart, 1.5)}))
    assert heads[:2] == ["0.0", "0.2"]
    assert rows.twin_of(table([heart], {}))[1] == []
