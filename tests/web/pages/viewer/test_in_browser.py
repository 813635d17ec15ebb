"""The viewer in a real browser under the site's policy: where a marker is drawn, keys, addresses, lists.

Phantoms have one marker known in mm in image, dose and contours (ui.md, checks 1 to 7 and 13).
"""

from __future__ import annotations

from typing import Any

import pytest

from tests.web.pages.viewer.phantom import MARKER, RADIUS
from tests.web.pages.viewer.phantom_site import (
    NUMBERS,
    PLANES,
    POSITIONS,
    Site,
    aside_of,
    middle,
    placed,
    settled,
)


@pytest.mark.parametrize("position", POSITIONS)
def test_a_marker_coincides_in_image_dose_and_contour_in_all_planes(open_: Any, position: str) -> None:
    """Within 0.5 px, with a dose at fractions of voxels, uneven slices and contours 0.01 mm off."""
    page = open_(position, "?levels=own_25&hidden=2")
    for plane, aside in zip(PLANES, ((25, 25, 0), (25, 0, 25), (0, 25, 25)), strict=True):
        # The crosshair stands aside, in the plane of the marker.
        page.evaluate("(point) => planbankViewer.go(point)", (MARKER + aside).tolist())
        page.evaluate("document.querySelector('[data-part=toggle-lines][aria-pressed=true]')?.click()")
        page.evaluate("document.querySelector('[data-part=toggle-structures][aria-pressed=true]')?.click()")
        settled(page)
        expected = placed(page, plane, MARKER)
        aside_x, aside_y = placed(page, plane, MARKER + aside)
        near = [*expected, 0.75 * min(abs(aside_x - expected[0]), abs(aside_y - expected[1]))]
        places = {"image": middle(page, plane, None, near)}
        page.keyboard.press("i")
        settled(page)
        places["dose"] = middle(page, plane, (255, 247, 184), near)
        page.keyboard.press("i")
        page.keyboard.press("s")
        settled(page)
        places["contour"] = middle(page, plane, (0, 255, 0), near)
        for what, (much, x, y) in places.items():
            assert much > 20, (plane, what)
            assert x == pytest.approx(expected[0], abs=0.5), (plane, what)
            assert y == pytest.approx(expected[1], abs=0.5), (plane, what)


def test_keys_move_and_switch_but_not_while_a_field_has_focus(open_: Any) -> None:
    page = open_("HFS")
    place = page.locator("[data-part=here-slice]")
    assert place.inner_text() == "slice 10 of 24"
    for key, expected in (("ArrowUp", 11), ("ArrowDown", 10), ("PageUp", 20), ("PageDown", 10)):
        page.keyboard.press(key)
        settled(page)
        assert place.inner_text() == f"slice {expected} of 24"
    page.keyboard.press("c")
    page.keyboard.press("2")
    settled(page)
    assert page.get_attribute("[data-part=toggle-wash]", "aria-pressed") == "true"
    assert page.inner_text("[data-corner=window]") == "Window 1,500, level -600"
    page.get_by_role("button", name="Own").click()
    field = page.get_by_role("textbox")
    field.fill("")
    field.type("c 12 20%")
    settled(page)
    assert page.get_attribute("[data-part=toggle-wash]", "aria-pressed") == "true"
    field.press("Enter")
    assert "No level: c" in page.inner_text("[data-part=own-wrong]")
    field.fill("12; 50%")
    field.press("Enter")
    assert [one.split("\n")[0] for one in page.locator("[data-part=isodoses] .name").all_inner_texts()] == [
        "20 Gy",
        "12 Gy",
    ]
    page.keyboard.press("Escape")
    page.locator("[data-plane=axial] canvas").focus()
    page.keyboard.press("?")
    assert page.get_by_role("dialog").is_visible()
    page.keyboard.press("c")
    page.get_by_role("dialog").get_by_role("button").click()
    settled(page)
    assert page.get_attribute("[data-part=toggle-wash]", "aria-pressed") == "true"


def test_the_address_restores_what_is_seen_and_names_nobody(open_: Any, site: tuple[str, Site]) -> None:
    page = open_("HFS", "?at=13.27_-21.64_36&window=-600_1500&levels=own_12_20&hidden=2&roi=1&wash=1&beams=1")
    assert page.inner_text("[data-part=here-slice]") == "slice 12 of 24"
    assert page.inner_text("[data-corner=window]") == "Window 1,500, level -600"
    assert page.is_checked("#roi-1")
    assert not page.is_checked("#roi-2")
    assert "chosen" in str(page.locator("[data-part=structures] [data-roi='1']").get_attribute("class"))
    page.keyboard.press("ArrowUp")
    page.wait_for_url("**at=13.27_-21.64_38.5**")
    assert "ring" not in page.url
    kept = page.evaluate("[...Object.keys(localStorage), ...Object.keys(sessionStorage)]")
    assert set(kept) <= {"htmx-current-path-for-history"}
    host = site[0]
    assert all(one.startswith("/") for one in site[1].asked) and page.url.startswith(host)


def test_levels_given_in_percent_are_kept_in_percent(open_: Any, site: tuple[str, Site]) -> None:
    """R99: so they follow the prescription of the next plan."""
    page = open_("HFS")
    page.get_by_role("button", name="Own", exact=True).click()
    field = page.locator("[data-part=own] input")
    for given, kept in (
        ("95%; 50 %", {"own": [50, 95], "unit": "%"}),
        ("95% 20", {"own": [20, 38], "unit": "Gy"}),
        ("50%", {"own": [50], "unit": "%"}),
    ):
        field.fill(given)
        field.press("Enter")
        page.wait_for_function("() => document.querySelector('[data-part=said]').textContent !== ''")
        assert site[1].kept[-1] == kept
        page.evaluate("document.querySelector('[data-part=said]').textContent = ''")
        page.get_by_role("button", name="Own", exact=True).click()
    assert field.input_value() == "50%"
    assert page.locator("[data-part=isodoses] li").count() == 1


def test_lists_plot_and_table_are_one_thing(open_: Any) -> None:
    page = open_("HFS")
    assert page.inner_text("[data-part=loaded]") == "Done loading images"
    doses = page.locator("[data-part=doses] tr")
    assert [" ".join(one.split()) for one in doses.all_inner_texts()] == [
        "ring 25.12 2.50 49.25",
        "keyhole 25.12 2.50 49.25",
    ]
    doses.first.hover()
    assert "lifted" in str(page.locator("[data-part=structures] [data-roi='1']").get_attribute("class"))
    plot = page.locator("[data-part=dvh] canvas").bounding_box()
    # At 25 Gy both curves have 50 %.
    page.mouse.move(plot["x"] + 34 + (plot["width"] - 44) / 2.04, plot["y"] + 8 + (plot["height"] - 30) / 2)
    assert "ring: 25" in page.inner_text("[data-part=tip]")
    empty = page.locator("[data-part=structures] [data-roi='3']")
    assert "Nothing is drawn." in empty.inner_text()
    assert empty.locator("input").is_disabled()
    page.get_by_role("button", name="None of the structures").click()
    assert doses.count() == 0
    page.get_by_role("button", name="All structures").click()
    page.get_by_role("button", name="Table").click()
    assert page.locator("[data-part=dvh-table] tbody tr").count() == 2
    page.get_by_role("button", name="Say it").click()
    page.wait_for_function("() => document.querySelector('[data-part=said]').textContent !== ''")
    assert "slice 10 of 24" in page.inner_text("[data-part=said]")
    page.locator("[data-part=findings]").get_by_role("button", name="Go there").first.click()
    settled(page)
    assert 45 < float(page.inner_text("[data-part=here-dose]").removesuffix(" Gy")) < 50


def test_another_frame_of_reference_is_refused_with_a_message(open_: Any) -> None:
    page = open_("elsewhere", "?levels=own_25")
    assert middle(page, "axial", (0, 255, 0))[0] > 20
    page.select_option("[data-part=image]", "i1")
    settled(page)
    assert "frame of reference of its own" in page.inner_text("[data-part=frame]")
    assert middle(page, "axial", (0, 255, 0))[0] == 0
    assert middle(page, "axial", (255, 247, 184))[0] == 0
    assert page.inner_text("[data-part=here-dose]") == "No dose here"


def test_one_slice_of_many_is_said_and_dose_and_contours_are_shown_beside_it(open_: Any) -> None:
    page = open_("few", "?levels=own_25&hidden=2")
    assert page.inner_text("[data-part=loaded]") == "1 of 24 images are here"
    assert page.inner_text("[data-part=here-slice]").endswith("of 24")
    page.locator("[data-plane=axial] canvas").focus()
    page.evaluate("(point) => planbankViewer.go(point)", aside_of(25, 25, 5))
    settled(page)
    assert page.inner_text("[data-part=here-value]") == "No image here"
    assert middle(page, "axial", (0, 255, 0))[0] > 20
    assert middle(page, "axial", (255, 247, 184))[0] > 20


def test_a_plan_that_cannot_be_drawn_says_why_and_what_to_do(open_: Any) -> None:
    page = open_("waiting")
    message = page.locator("[data-part=message]")
    message.get_by_role("button", name="Try again").wait_for()
    assert "Nothing that could be drawn has come yet." in message.inner_text()


def test_two_plans_stand_beside_each_other_and_move_together(open_: Any) -> None:
    page = open_("HFS", f"?with={NUMBERS['FFP']}")
    sides = page.locator(".viewer-side")
    assert sides.count() == 2
    page.evaluate("(point) => planbankViewer.go(point)", aside_of(5, 5, 5))
    settled(page)
    places = sides.locator(".coronal [data-corner=place]").all_inner_texts()
    assert places[0] == places[1] == "Coronal, y = -16.6 mm"
    assert page.get_by_role("button", name="Difference").is_visible()


@pytest.mark.parametrize(
    ("width", "scheme"), [(1400, "dark"), (1400, "light"), (320, "dark"), (390, "light")]
)
def test_axe_finds_nothing_and_nothing_scrolls_sideways(open_: Any, width: int, scheme: str) -> None:
    from axe_core_python.sync_playwright import Axe

    page = open_("elsewhere", "?wash=1&beams=1", width, color_scheme=scheme, reduced_motion="reduce")
    page.get_by_role("button", name="Table").click()
    found = Axe().run(page)["violations"]
    assert [(one["id"], [node["html"][:120] for node in one["nodes"][:3]]) for one in found] == []
    assert not page.evaluate("document.documentElement.scrollWidth > document.documentElement.clientWidth")


def test_the_ring_is_as_large_as_it_is(open_: Any) -> None:
    """9 mm, in the px that the scale of the plane gives."""
    page = open_("HFS", "?hidden=2&levels=own_49.9")
    page.evaluate("(point) => planbankViewer.go(point)", aside_of(25, 25, 0))
    settled(page)
    (x0, _), (x1, _) = (
        page.evaluate("(at) => planbankViewer.place('axial', at)", aside_of(mm, 0, 0))
        for mm in (-RADIUS, RADIUS)
    )
    much, _, _ = middle(page, "axial", (0, 255, 0))
    assert much == pytest.approx(3.1416 * (x1 - x0) * 1.5, rel=0.4)
