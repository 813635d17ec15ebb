"""A bundle of a phantom (docs/reference/bundle.md): one marker known in mm in image, dose and contours.

Comes in: how the patient lies, and what is odd about it. Goes out: its description and its parts.
"""

from __future__ import annotations

import zlib
from typing import Any

import numpy as np
from numpy.typing import NDArray

MARKER = np.array([13.27, -21.64, 31.0])
"""mm; the middle of a bright ball, of a dose and of ring contours."""

ROWS, COLUMNS = 96, 104
SPACING = (1.5, 1.4)
SPREAD = 6.0
RADIUS = 9.0
TOP_GY = 50.0
RING, KEYHOLE, EMPTY = 1, 2, 3
# Patient Position -> directions along a row and down a column.
AXES = {
    "HFS": ((1, 0, 0), (0, 1, 0)),
    "HFP": ((-1, 0, 0), (0, -1, 0)),
    "FFS": ((-1, 0, 0), (0, 1, 0)),
    "FFP": ((1, 0, 0), (0, -1, 0)),
    "HFDR": ((0, -1, 0), (1, 0, 0)),
    "HFDL": ((0, 1, 0), (-1, 0, 0)),
    "FFDR": ((0, 1, 0), (1, 0, 0)),
    "FFDL": ((0, -1, 0), (-1, 0, 0)),
}
HOLE = 14.0
RIM = 20.0
PLACED = {"code": "images-incomplete", "point": [23.27, -11.64, 41.0]}
Bundle = tuple[dict[str, Any], dict[str, bytes]]


def _left(values: NDArray[Any]) -> bytes:
    less = values.copy()
    less[..., 1:] -= values[..., :-1]
    return zlib.compress(less.tobytes(), 1)


def _grid(position: str, shape: tuple[int, int], spacing: tuple[float, float], away: NDArray[Any]) -> Any:
    """A grid whose middle lies `away` from the marker, and the place of each of its pixels in a slice."""
    row, column = (np.array(one, float) for one in AXES[position])
    normal = np.cross(row, column)
    origin = MARKER + away - row * spacing[1] * (shape[1] - 1) / 2 - column * spacing[0] * (shape[0] - 1) / 2
    where = {
        "rows": shape[0],
        "columns": shape[1],
        "spacing": list(spacing),
        "row": row.tolist(),
        "column": column.tolist(),
        "normal": normal.tolist(),
    }
    across = origin + row * spacing[1] * np.arange(shape[1])[:, None]
    plane = across[None] + column * spacing[0] * np.arange(shape[0])[:, None, None]
    return where, origin, normal, plane


def _ball(where: Any, top: float) -> NDArray[np.float64]:
    """A Gaussian around the marker at each voxel (slice, row, column)."""
    grid, origin, normal, plane = where
    found = []
    for mm in grid["positions"]:
        away = plane + normal * mm - MARKER
        found.append(top * np.exp(-(away**2).sum(axis=2) / (2 * SPREAD**2)))
    grid["origin"] = origin.tolist()
    return np.array(found)


def _circle(radius: float, z: float, turn: int = 1) -> NDArray[np.float64]:
    angle = np.linspace(0, turn * 2 * np.pi, 48, endpoint=False)
    ring = np.stack([radius * np.cos(angle), radius * np.sin(angle), np.zeros(48)], axis=1)
    return ring + MARKER + (0, 0, z)


def _keyhole(z: float) -> NDArray[np.float64]:
    """A ring with a hole, drawn as one contour that runs in and out over the same slit."""
    outer, inner = _circle(RIM, z), _circle(HOLE, z, -1)
    return np.concatenate([outer, outer[:1], inner, inner[:1]])


def _structures() -> tuple[dict[str, Any], bytes]:
    """Rings on slices, every second one 0.01 mm off; a keyhole; one ROI without contours."""
    levels = [float(mm) for mm in np.arange(-7.5, 8.0, 2.5)]
    rings = [
        _circle(np.sqrt(max(RADIUS**2 - mm**2, 1.0)), mm + (0.01 if i % 2 else 0.0))
        for i, mm in enumerate(levels)
    ]
    holes = [_keyhole(mm) for mm in levels]
    at, points, rois = 0, [], []
    for number, name, colour, loops in (
        (RING, "ring", "#00ff00", rings),
        (KEYHOLE, "keyhole", "#ff00ff", holes),
        (EMPTY, "nothing", "#ffffff", []),
    ):
        places = []
        for loop in loops:
            places.append([at, len(loop)])
            at += len(loop)
            points.append(loop)
        why = "" if loops else "Nothing is drawn."
        about = {"number": number, "name": name, "type": "ORGAN", "colour": colour, "empty": not loops}
        rois.append(
            {**about, "why": why, "contours": places, "open": [], "dvh": bool(loops), "volume_cc": 3.05}
        )
    steps = np.rint((np.concatenate(points) - np.round(MARKER)) * 50).astype("<i2")
    about = {"key": "s0", "frame": "f0", "label": "", "origin": np.round(MARKER).tolist(), "dtype": "int16"}
    return {**about, "steps": 50, "part": "s0.bin", "rois": rois}, zlib.compress(steps.tobytes())


def bundle(position: str = "HFS", *, elsewhere: bool = False, few: bool = False) -> Bundle:
    """`elsewhere`: an MR on its own frame of reference besides; `few`: one slice of many has come."""
    gaps = [2.5] * 9 + [1.5, 3.5] + [2.5] * 12
    positions = np.concatenate([[0.0], np.cumsum(gaps)])
    sign = float(np.cross(*AXES[position])[2])
    # The marker lies on a slice.
    start = -float(positions[9])
    image = _grid(position, (ROWS, COLUMNS), SPACING, np.array([4.3, 2.9, sign * start]))
    image[0]["positions"] = positions.tolist()
    ball = _ball(image, 1500.0)
    keep = slice(9, 10) if few else slice(None)
    slices, blob = [], b""
    for one in (np.rint(ball) - 1000 + 1000).astype("<i2")[keep]:
        data = _left(one)
        slices.append([len(blob), len(data)])
        blob += data
    if few:
        image[0]["origin"] = (np.array(image[0]["origin"]) + image[2] * positions[9]).tolist()
        image[0]["positions"] = [0.0]
    about = {
        **image[0],
        "key": "i0",
        "modality": "CT",
        "label": "CT",
        "frame": "f0",
        "primary": True,
        "unit": "HU",
    }
    window = [{"key": "soft", "name": "Soft", "centre": 500.0, "width": 1400.0}]
    window += [{"key": "lung", "name": "Lung", "centre": -600.0, "width": 1500.0}]
    about |= {
        "slope": 1.0,
        "intercept": -1000.0 + 1000.0,
        "predictor": "left",
        "part": "i0.bin",
        "windows": window,
    }
    missing = [float(mm - positions[9]) for i, mm in enumerate(positions) if few and i != 9]
    about |= {"slices": slices, "missing": missing, "expected": len(positions), "position": position}
    images = [about]
    # A dose whose voxels lie at fractions of the image's.
    dose = _grid(position, (41, 45), (2.7, 2.5), np.array([0.83, -0.77, -28.61 * sign]))
    dose[0]["positions"] = [2.3 * k for k in range(25)]
    gy = _ball(dose, TOP_GY)
    steps = np.rint(gy / 1e-3).astype("<u2")
    doses = [
        {
            **dose[0],
            "key": "d0",
            "frame": "f0",
            "label": "PLAN",
            "summation": "PLAN",
            "used": True,
            "unit": "GY",
        }
        | {"hottest": MARKER.tolist()}
        | {"dtype": "uint16", "scale": 1e-3, "predictor": "left", "part": "d0.bin", "max": float(gy.max())}
    ]
    structures, points = _structures()
    parts = {"i0.bin": blob, "d0.bin": _left(steps), "s0.bin": points}
    if elsewhere:
        images.append(
            {**about, "key": "i1", "modality": "MR", "label": "MR", "frame": "f1", "primary": False}
        )
    beam = {"number": 1, "name": "Beam 1", "kind": "STATIC", "isocentre": MARKER.tolist(), "gantry": 30.0}
    beam |= {"couch": 0.0, "collimator": 0.0, "frame": "f0"}
    return {
        "format": 1,
        "digest": "0" * 64,
        "ready": True,
        "why": "",
        "plan": {"id": 1, "label": "Phantom", "prescription_gy": 40.0, "fractions": 15, "position": position},
        "frames": {"f0": "plan", "f1": "MR"},
        "frame_ids": {"f0": "a", "f1": "b"},
        "images": images,
        "structures": [structures],
        "doses": doses,
        "beams": [beam],
        "dvh": [_curve(RING), _curve(KEYHOLE)],
        "findings": [
            {"level": "warn", "title": "A ring", "words": "It is round.", "roi": RING, "frame": "f0"},
            {**PLACED, "level": "warn", "title": "Here", "words": "It is here.", "roi": None, "frame": "f0"},
        ],
        "refused": [],
        "levels": {
            "auto": [10.0, 20.0, 30.0],
            "prescription": [20.0, 38.0, 40.0],
            "own": None,
            "save": "/plans/1/isodoses/",
        },
    }, parts


def _curve(roi: int) -> dict[str, Any]:
    gy = [float(one) for one in np.arange(0, 51)]
    stats = {"volume_cc": 3.05, "mean_gy": 25.123, "max_gy": 50.0, "min_gy": 0.5, "d95_gy": 2.5}
    return {
        "structures": "s0",
        "roi": roi,
        "dose": "d0",
        "gy": gy,
        "algorithm": "1.0",
        "flags": [],
        "percent": [100 - 2 * one for one in gy],
        "cc": gy,
        "stats": {**stats, "d003cc_gy": 49.25, "d2cc_gy": 9.0},
    }
