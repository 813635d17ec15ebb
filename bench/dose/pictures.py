"""The pictures of docs/explanation/dvh.md: `python -m bench.dose.pictures`.

Comes in: nothing. Goes out: docs/explanation/dvh-*.svg, drawn from what the engine really does with
bodies on 3 mm slices: the area of its layers over height, beside the true one and that of prisms;
and a curve with its uncertainty.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from bench.dose.bodies import Body, cylinder, lying_cone, sphere
from bench.dose.implicit import torus
from planbank.dose import axis
from planbank.dose.engine import dvh
from planbank.dose.planes import Plane
from planbank.dose.regions import layers_of, regions_of
from planbank.dose.uncertainty import variants
from tests.dose import phantoms

Array = NDArray[np.float64]
Frame = tuple[float, float, float, float, float]
INTO = Path(__file__).parents[2] / "docs/explanation"
SPACING, PHASE, CELL = 3.0, 0.35, 0.5
WIDE, HIGH, EDGE = 230.0, 190.0, 34.0
TRUE, PRISMS, OURS = "#888888", "#c0651a", "#1a5fb4"


def layer_areas(body: Body) -> tuple[Array, Array]:
    """(n,) mm and mm2: heights of the engine's layers and their areas."""
    heights = phantoms.heights(-body.reach[2], body.reach[2], SPACING, PHASE)
    planes = [Plane(float(z), tuple(body.cut(float(z)))) for z in heights]
    planes = [plane for plane in planes if plane.polygons]
    regions = [regions_of(plane, (CELL, CELL), []) for plane in planes]
    positions = [plane.position for plane in planes]
    z, area = [], []
    for region, layers in layers_of(
        regions, positions, [True] * (len(planes) - 1), SPACING, (CELL, CELL), 0.25
    ):
        z.append(layers.heights)
        area.append(layers.factors * region.area / layers.thickness)
    order = np.argsort(np.concatenate(z))
    return np.concatenate(z)[order], np.concatenate(area)[order]


def true_areas(body: Body) -> tuple[Array, Array]:
    """The same of the body itself."""
    z = np.linspace(-body.reach[2] * 1.02, body.reach[2] * 1.02, 161)
    return z, np.array([_even_odd(body.cut(float(height))) for height in z])


def _even_odd(polygons: Sequence[Array]) -> float:
    return sum(region.area for region in regions_of(Plane(0.0, tuple(polygons)), (CELL, CELL), []))


def path(
    x: Array, y: Array, colour: str, frame: tuple[float, float, float, float, float], extra: str = ""
) -> str:
    """A line in a panel whose data reach from (x0, y0) to (x1, y1), `shift` px from the left."""
    x0, x1, y0, y1, shift = frame
    x, y = x[: len(y)], y[: len(x)]
    u = shift + EDGE + (x - x0) / (x1 - x0) * (WIDE - EDGE - 8)
    v = HIGH - EDGE - (y - y0) / (y1 - y0) * (HIGH - EDGE - 24)
    points = " ".join(f"{a:.1f},{b:.1f}" for a, b in zip(u, v, strict=True))
    return f'<polyline points="{points}" fill="none" stroke="{colour}" stroke-width="1.4" {extra}/>'


def panel(title: str, foot: str, shift: float) -> str:
    """Title, axes and what they are of."""
    left, bottom = shift + EDGE, HIGH - EDGE
    return (
        f'<text x="{left}" y="14">{title}</text>'
        f'<text x="{left}" y="{HIGH - 14}" fill="#777">{foot}</text>'
        f'<path d="M{left},24V{bottom}H{shift + WIDE - 8}" fill="none" stroke="#999"/>'
    )


def picture(name: str, panels: list[str], legend: list[tuple[str, str]]) -> None:
    """Write an SVG that reads on light and on dark ground."""
    width = WIDE * len(panels)
    keys = "".join(
        f'<line x1="{EDGE + 190 * k}" x2="{EDGE + 190 * k + 22}" y1="{HIGH + 8}" y2="{HIGH + 8}" '
        f'stroke="{colour}" stroke-width="2"/><text x="{EDGE + 190 * k + 28}" y="{HIGH + 12}">{words}</text>'
        for k, (words, colour) in enumerate(legend)
    )
    (INTO / name).write_text(
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width:g} {HIGH + 24:g}" width="{width:g}" '
        f'font-family="sans-serif" font-size="11" fill="#555">{"".join(panels)}{keys}</svg>\n'
    )


def between_planes() -> None:
    """Area over height of four bodies."""
    panels = []
    bodies = [
        sphere(12.0),
        lying_cone(12.0, 24.0),
        torus(12.0, 5.0, np.array([0.0, 0, 1]), "ring"),
        cylinder(8, 17),
    ]
    for k, body in enumerate(bodies):
        z, area = true_areas(body)
        drawn = phantoms.heights(-body.reach[2], body.reach[2], SPACING, PHASE)
        drawn = np.array([height for height in drawn if body.cut(float(height))])
        at = np.array([_even_odd(body.cut(float(height))) for height in drawn])
        steps = np.repeat(at, 2)
        edges = np.stack((drawn - SPACING / 2, drawn + SPACING / 2), axis=1).ravel()
        frame = (-14.5, 14.5, 0.0, float(area.max()) * 1.05, k * WIDE)
        panels.append(
            panel(body.name, "area over height, slices of 3 mm", k * WIDE)
            + path(z, area, TRUE, frame, 'stroke-opacity="0.6"')
            + path(edges, steps, PRISMS, frame, 'stroke-dasharray="3 2"')
            + path(*layer_areas(body), OURS, frame)
        )
    picture("dvh-between-planes.svg", panels, [("true", TRUE), ("prisms", PRISMS), ("planbank", OURS)])


def with_uncertainty() -> None:
    """Curves of a sphere and a cylinder, each with what one standard uncertainty would make of it."""
    panels = []
    for k, (name, contours) in enumerate(
        (
            ("sphere, surely ended", phantoms.sphere(8, SPACING, PHASE)),
            (
                "cylinder, flat ends unknown",
                phantoms.solid(lambda z: np.full(np.shape(z), 8.0), -8, 8, SPACING, PHASE),
            ),
        )
    ):
        opened = phantoms.opened_structure_set({"body": contours})
        found = dvh(opened, phantoms.opened_dose(phantoms.linear((0, 0, 1))))[0]
        frame = (14.9, 45.0, 0.0, found.volume_cc * 1.15, k * WIDE)
        doses = axis.doses(len(found.curve))[1500::20]
        lines = [
            path(doses, one.curve[1500::20], PRISMS, frame, 'stroke-opacity="0.7"') for one in variants(found)
        ]
        panels.append(
            panel(name, "cc over Gy, 1 Gy/mm upwards", k * WIDE)
            + "".join(lines)
            + path(doses, found.curve[1500::20], OURS, frame)
        )
    picture(
        "dvh-uncertainty.svg", panels, [("the curve", OURS), ("one source off by one uncertainty", PRISMS)]
    )


if __name__ == "__main__":
    between_planes()
    with_uncertainty()
