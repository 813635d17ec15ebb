"""The colours: both dark blocks are one, and every pair that carries text has its contrast."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import planbank.web

SHEET = (Path(planbank.web.__file__).parent / "static/css/tokens.css").read_text()
TEXT = 4.5  # WCAG 2.2, 1.4.3: text
EDGE = 3.0  # WCAG 2.2, 1.4.11: what is needed to see a control or a line


def _block(start: str) -> dict[str, str]:
    body = SHEET.split(start, 1)[1].split("}", 1)[0]
    return dict(re.findall(r"--([a-z0-9-]+):\s*([^;]+);", body))


THEMES = {"light": _block(":root {"), "dark": _block(':root[data-theme="dark"] {')}


def _luminance(colour: str) -> float:
    """Relative luminance of #rrggbb (WCAG 2.2, definition of relative luminance)."""
    parts = [int(colour[n : n + 2], 16) / 255 for n in (1, 3, 5)]
    red, green, blue = (c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    high, low = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (high + 0.05) / (low + 0.05)


def test_the_contrast_of_black_on_white_is_21() -> None:
    assert contrast("#000000", "#ffffff") == pytest.approx(21)


def test_dark_by_choice_and_dark_by_system_are_the_same() -> None:
    assert THEMES["dark"] == _block(':root:not([data-theme="light"]) {')


def test_dark_gives_every_colour_of_light_its_own_value() -> None:
    assert set(THEMES["dark"]) == set(THEMES["light"])


GROUNDS = ("surface", "bg", "hover", "sel")
PAIRS = [
    *((ink, ground) for ink in ("ink", "ink2", "ink3", "accent") for ground in GROUNDS),
    *((ink, "sunken") for ink in ("ink", "ink2")),
    *((state, f"{state}-bg") for state in ("ok", "warn", "bad", "info", "idle")),
    *((state, "surface") for state in ("ok", "warn", "bad", "info", "idle")),
    *((state, "sel") for state in ("ok", "warn", "bad", "info", "idle")),
    *(("ink2", f"{state}-bg") for state in ("ok", "warn", "bad", "info")),
    *((f"on-heat-{side}", f"heat{n}") for n, side in enumerate(("low", "low", "low", "high", "high"), 1)),
    ("on-accent", "accent"),
    ("accent", "accent-bg"),
    ("bg", "ink"),
]  # fmt: skip


@pytest.mark.parametrize("theme", THEMES)
@pytest.mark.parametrize(("ink", "ground"), PAIRS)
def test_text_stands_out_from_its_ground(theme: str, ink: str, ground: str) -> None:
    colours = THEMES[theme]
    assert contrast(colours[ink], colours[ground]) >= TEXT


@pytest.mark.parametrize("theme", THEMES)
@pytest.mark.parametrize("line", ["ctl", "c1", "c2", "c3", "c4", "c5", "c6", "accent"])
def test_lines_and_edges_stand_out_from_the_surface(theme: str, line: str) -> None:
    assert contrast(THEMES[theme][line], THEMES[theme]["surface"]) >= EDGE
