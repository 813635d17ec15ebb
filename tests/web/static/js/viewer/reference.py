"""Values that the viewer's modules are held to, computed here with numpy and shapely and no line of theirs.

Comes in: nothing. Goes out: JSON of phantoms (grids in all orientations, doses, contours) and of the right
answers: indices, HU and dose at points, areas and runs of polygons, directions of beams.
"""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray
from shapely.geometry import LineString, Point, Polygon

Floats = NDArray[np.float64]
# Patient Position -> Image Orientation (Patient) of axial images as scanners write them.
ORIENTATIONS = {
    "HFS": ((1, 0, 0), (0, 1, 0)),
    "HFP": ((-1, 0, 0), (0, -1, 0)),
    "FFS": ((-1, 0, 0), (0, 1, 0)),
    "FFP": ((1, 0, 0), (0, -1, 0)),
    "sagittal": ((0, 1, 0), (0, 0, -1)),
    "oblique": ((0.8, 0.6, 0), (-0.6, 0.8, 0)),
}


def grid(orientation: str, positions: list[float], rows: int = 24, columns: int = 20) -> dict[str, Any]:
    """A grid of a bundle's shape around the middle of the patient; pixels of 1.5 (rows) by 2 mm."""
    row, column = (np.array(one, float) for one in ORIENTATIONS[orientation])
    normal = np.cross(row, column)
    spacing = (1.5, 2.0)
    origin = np.array((3.0, -7.0, 11.0)) - row * columns - column * 0.75 * rows - normal * positions[-1] / 2
    return {
        "origin": origin.tolist(),
        "row": row.tolist(),
        "column": column.tolist(),
        "normal": normal.tolist(),
        "spacing": list(spacing),
        "positions": positions,
        "rows": rows,
        "columns": columns,
    }


def index(where: dict[str, Any], point: Floats) -> tuple[float, float, float]:
    """Fractional (column, row, slice) of a point, by solving for it."""
    row, column, normal = (np.array(where[name]) for name in ("row", "column", "normal"))
    matrix = np.stack([row * where["spacing"][1], column * where["spacing"][0], normal], axis=1)
    across, down, along = np.linalg.solve(matrix, point - np.array(where["origin"]))
    places = np.array(where["positions"])
    return float(across), float(down), float(np.interp(along, places, np.arange(len(places))))


def linear(values: Floats, place: tuple[float, float, float]) -> float:
    """Trilinear value of (slice, row, column) at a fractional (column, row, slice)."""
    found = values
    for fraction in (place[2], place[1], place[0]):
        low = min(int(np.floor(fraction)), found.shape[0] - 2)
        found = found[low] + (fraction - low) * (found[low + 1] - found[low])
    return float(found)


def _grids(random: np.random.Generator) -> list[dict[str, Any]]:
    found = []
    for orientation in ORIENTATIONS:
        where = grid(orientation, [0.0, 3.0, 6.0, 8.5, 12.0, 15.0])
        stored = random.integers(-1000, 2000, (6, where["rows"], where["columns"])).astype(np.int16)
        asked = []
        for _ in range(60):
            at = random.uniform((0.6, 0.6, 0.1), (18.4, 22.4, 4.9))
            along = float(np.interp(at[2], np.arange(6), where["positions"]))
            if min(abs(along - (a + b) / 2) for a, b in pairwise(where["positions"])) < 0.05:
                continue  # Half way between two slices either is right.
            across, down = np.array(where["row"]) * at[0] * 2.0, np.array(where["column"]) * at[1] * 1.5
            point = np.array(where["origin"]) + across + down + np.array(where["normal"]) * along
            place = index(where, point)
            nearest = int(np.abs(np.array(where["positions"]) - along).argmin())
            hu = int(stored[nearest, round(place[1]), round(place[0])])
            gy = linear(np.abs(stored.astype(float)), place) * 0.01
            asked.append({"point": point.tolist(), "index": place, "hu": hu * 1.0 - 24, "gy": gy})
        found.append(
            {"orientation": orientation, "grid": where, "stored": stored.ravel().tolist(), "asked": asked}
        )
    return found


def field(x: Any, y: Any, z: Any) -> Any:
    """A dose with penumbras of 4 Gy a mm and a saddle."""
    rise = 25 / (1 + np.exp(-(12 - np.abs(x - 1.3)) / 1.5)) + 25 / (1 + np.exp(-(10 - np.abs(y + 4.2)) / 1.5))
    return rise * np.exp(-((z / 40.0) ** 2))


def _dose() -> dict[str, Any]:
    """A dose grid whose voxels lie at fractions of those of the images."""
    where = {
        **grid("HFS", [2.5 * k for k in range(14)], 20, 26),
        "origin": [-31.37, -33.81, -16.43],
        "spacing": [2.7, 2.5],
    }
    z, y, x = np.meshgrid(np.arange(14) * 2.5, np.arange(20) * 2.7, np.arange(26) * 2.5, indexing="ij")
    gy = field(x + where["origin"][0], y + where["origin"][1], z + where["origin"][2])
    return {
        "grid": where,
        "steps": np.rint(gy / 1e-3).astype(int).ravel().tolist(),
        "scale": 1e-3,
        "max": float(gy.max()),
    }


def _rings(random: np.random.Generator) -> dict[str, Any]:
    """A body with a hole, drawn apart and as a keyhole; points and runs inside, as shapely finds them."""
    turn = np.linspace(0, 2 * np.pi, 60, endpoint=False)
    outer = np.stack([40 * np.cos(turn), 30 * np.sin(turn)], axis=1).round(2)
    hole = np.stack([5 + 11 * np.cos(turn), 3 + 8 * np.sin(turn)], axis=1).round(2)
    first, second = int(outer[:, 0].argmax()), int(hole[:, 0].argmax())
    keyhole = np.concatenate(
        [np.roll(outer, -first, 0), outer[[first]], np.roll(hole, -second, 0)[::-1], hole[[second]]]
    )
    keyhole = np.concatenate([np.roll(outer, -first, 0), outer[[first]], hole[[second]]])
    keyhole = np.concatenate([keyhole, np.roll(hole, -second, 0)[1:][::-1], hole[[second]]])
    body = Polygon(outer, [hole])
    points = random.uniform(-45, 45, (300, 2))
    points = np.array([p for p in points if body.boundary.distance(Point(*p)) > 0.05])
    asked = [{"point": p.tolist(), "inside": bool(body.contains(Point(*p)))} for p in points]
    runs = []
    for axis, fixed in ((0, -33.3), (0, 4.4), (0, 20.2), (1, 2.2), (1, -12.7)):
        ends = [(fixed, -99), (fixed, 99)] if axis == 0 else [(-99, fixed), (99, fixed)]
        cut = body.intersection(LineString(ends))
        parts = [cut] if cut.geom_type == "LineString" else list(cut.geoms)
        free = [sorted(c[1 - axis] for c in part.coords) for part in parts if part.length]
        runs.append({"axis": axis, "fixed": fixed, "runs": sorted(free)})
    return {
        "apart": [outer.ravel().tolist(), hole.ravel().tolist()],
        "keyhole": [keyhole.ravel().tolist()],
        "border": float(body.length),
        "asked": asked,
        "runs": runs,
    }


def _beams() -> list[dict[str, Any]]:
    """Beams by turning the source by hand: round the gantry's axis, then the table under it."""
    # Where left, back and head point in the room: x to the right seen from the foot of the table of a
    # patient head first, y to the gantry, z up.
    up, right, gantry = np.array((0, 0, 1.0)), np.array((1.0, 0, 0)), np.array((0, 1.0, 0))
    rooms = {
        "HFS": (right, -up, gantry),
        "HFP": (-right, up, gantry),
        "FFS": (-right, -up, -gantry),
        "FFP": (right, up, -gantry),
        "HFDR": (up, right, gantry),
        "HFDL": (-up, -right, gantry),
        "FFDR": (up, -right, -gantry),
        "FFDL": (-up, right, -gantry),
    }
    found = []
    for position, axes in rooms.items():
        for angle, couch in ((0, 0), (90, 0), (233, 0), (270, 90), (45, 340), (120, 15)):
            g, s = np.deg2rad(angle), np.deg2rad(couch)
            source = np.sin(g) * right + np.cos(g) * up
            turned = [
                axis @ np.array([[np.cos(s), np.sin(s), 0], [-np.sin(s), np.cos(s), 0], [0, 0, 1]])
                for axis in axes
            ]
            expected = [float(axis @ source) for axis in turned]
            found.append({"position": position, "gantry": angle, "couch": couch, "source": expected})
    return found


def reference() -> dict[str, Any]:
    """Everything that the modules are asked."""
    random = np.random.default_rng(20260101)
    return {"grids": _grids(random), "dose": _dose(), "rings": _rings(random), "beams": _beams()}
