"""What is marked on the pictures: holes of contours, places of findings, distances (R101, R102)."""

from __future__ import annotations

import re
from typing import Any

import numpy as np
import pytest

from tests.web.pages.viewer.phantom import HOLE, MARKER, PLACED, RIM
from tests.web.pages.viewer.phantom_site import aside_of, middle, placed, settled

ROW = """([plane, y]) => {
  const canvas = document.querySelector(`[data-plane=${plane}] canvas`);
  const { data } = canvas.getContext('2d').getImageData(0, y, canvas.width, 1);
  const runs = [];
  for (let x = 0; x < canvas.width; x += 1) {
    const [r, g, b] = [data[4 * x], data[4 * x + 1], data[4 * x + 2]];
    const much = Math.max(Math.min(r, b) - g, 0);
    if (much < 40) continue;
    const run = runs[runs.length - 1];
    const at = much * (x + 0.5);
    if (run && x - run.last <= 2) Object.assign(run, { last: x, all: run.all + much, at: run.at + at });
    else runs.push({ last: x, all: much, at });
  }
  return runs.map(({ at, all }) => at / all);
}"""


@pytest.mark.parametrize("position", ["HFS", "FFDL"])
def test_a_ring_with_a_hole_drawn_as_one_contour_has_its_hole_in_a_plane_across(
    open_: Any, position: str
) -> None:
    """A keyhole's slit encloses nothing: the cut through it has four edges, none along the slit."""
    page = open_(position, "?levels=own_25&hidden=1")
    page.evaluate("(point) => planbankViewer.go(point)", aside_of(0, 3.0, 0))
    page.evaluate("document.querySelector('[data-part=toggle-lines][aria-pressed=true]')?.click()")
    settled(page)
    # A regular polygon of 48 corners, cut 3 mm off its middle.
    edges = []
    for radius in (HOLE, RIM):
        angle = np.linspace(0, 2 * np.pi, 49)
        x, y = radius * np.cos(angle), radius * np.sin(angle)
        edges += [float(x[i] + (x[i + 1] - x[i]) * (3 - y[i]) / (y[i + 1] - y[i])) for i in range(48)
                  if (y[i] - 3) * (y[i + 1] - 3) < 0]  # fmt: skip
    assert len(edges) == 4
    # Between two contour planes, away from the crosshair.
    expected = sorted(placed(page, "coronal", aside_of(x, 3.0, 1.0))[0] for x in edges)
    _x, row = placed(page, "coronal", aside_of(0, 3.0, 1.0))
    found = page.evaluate(ROW, ["coronal", round(row)])
    assert len(found) == 4, found
    assert found == pytest.approx(expected, abs=0.6)


def test_a_finding_that_knows_its_place_is_drawn_there_and_found_by_its_address(open_: Any) -> None:
    """R102: a link of a notice leads to the place."""
    page = open_("HFS", "?finding=images-incomplete")
    here = page.inner_text("[data-part=here-position]")
    assert here == ", ".join(f"{axis} {mm:.1f} mm" for axis, mm in zip("xyz", PLACED["point"], strict=True))
    x, y = placed(page, "axial", np.array(PLACED["point"]))
    page.keyboard.press("i")
    page.keyboard.press("s")
    settled(page)
    much, found_x, found_y = middle(page, "axial", (240, 192, 103), [x, y, 12])
    assert much > 20
    assert (found_x, found_y) == (pytest.approx(x, abs=1), pytest.approx(y, abs=1))
    page.get_by_role("button", name=re.compile(r"^highest [\d.]+ Gy$")).click()
    settled(page)
    marker = ", ".join(f"{axis} {mm:.1f} mm" for axis, mm in zip("xyz", MARKER, strict=True))
    assert page.inner_text("[data-part=here-position]") == marker


def test_distances_are_measured_by_pointer_and_by_keys_and_stand_in_the_address(open_: Any) -> None:
    """R101: measured between points of the patient, whatever the zoom."""
    page = open_("HFS", "?zoom=2")
    page.get_by_role("button", name="Measure").click()
    start, end = placed(page, "axial", MARKER), placed(page, "axial", aside_of(12, 9, 0))
    box = page.locator("[data-plane=axial] canvas").bounding_box()
    page.mouse.move(box["x"] + start[0], box["y"] + start[1])
    page.mouse.down()
    page.mouse.move(box["x"] + end[0], box["y"] + end[1], steps=5)
    page.mouse.up()
    settled(page)
    assert page.inner_text("[data-part=said]") == "15.0 mm"
    much, _x, _y = middle(page, "axial", (255, 225, 77), [*end, 8])
    assert much > 5
    page.keyboard.press("m")
    assert "first point" in page.inner_text("[data-part=said]")
    page.evaluate("(point) => planbankViewer.go(point)", aside_of(0, 0, 5))
    page.keyboard.press("m")
    page.wait_for_url(re.compile(r"rulers=(-?[\d.]+_){11}-?[\d.]+(&|$)"))
    again = open_("HFS", page.evaluate("location.search"))
    assert again.evaluate("planbankViewer.state().rulers") == page.evaluate("planbankViewer.state().rulers")
    page.keyboard.press("Delete")
    page.wait_for_url(re.compile(r"^(?!.*rulers)"))
