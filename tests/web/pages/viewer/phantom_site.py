"""A site that serves the viewer with phantoms, under the site's own policy, and what a test reads off it."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from wsgiref.simple_server import WSGIRequestHandler

import numpy as np
from django.template.loader import render_to_string

import planbank.web
from planbank.web.middleware import CONTENT_POLICY
from planbank.web.pages.viewer import words
from planbank.web.pages.viewer.views import MODULES
from tests.web.pages.viewer.phantom import MARKER, Bundle, bundle

CHROMIUM = shutil.which("chromium")
STATIC = Path(planbank.web.__file__).parent / "static"
KINDS = {".css": "text/css", ".js": "text/javascript", ".svg": "image/svg+xml"}
PLANES = ("axial", "coronal", "sagittal")
POSITIONS = ("HFS", "HFP", "FFS", "FFP", "HFDR", "HFDL", "FFDR", "FFDL")
NUMBERS = {name: str(n) for n, name in enumerate((*POSITIONS, "elsewhere", "few", "waiting"), 1)}
MIDDLE = """([plane, r, g, b, near]) => {
  const canvas = document.querySelector(`[data-plane=${plane}] canvas`);
  const { width, height } = canvas;
  const { data } = canvas.getContext('2d').getImageData(0, 0, width, height);
  const mean = (r + g + b) / 765;
  const hue = [r / 255 - mean, g / 255 - mean, b / 255 - mean];
  const full = (r * hue[0] + g * hue[1] + b * hue[2]) / 255;
  let [all, x, y] = [0, 0, 0];
  for (let i = 0; i < data.length; i += 4) {
    const away = near ? Math.hypot((i / 4) % width - near[0], Math.floor(i / 4 / width) - near[1]) : 0;
    if (near && away > near[2]) continue;
    const [red, green, blue] = [data[i] / 255, data[i + 1] / 255, data[i + 2] / 255];
    const shade = red * hue[0] + green * hue[1] + blue * hue[2];
    const weight = r === null ? Math.max(red - 0.24, 0) : shade > 0.04 * full ? shade / full : 0;
    all += weight;
    x += weight * ((i / 4) % width + 0.5);
    y += weight * (Math.floor(i / 4 / width) + 0.5);
  }
  return [all, x / all, y / all];
}"""


class Site:
    """The page and bundles of phantoms, and which addresses were asked for."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.kept: list[Any] = []
        self.bundles: dict[str, Bundle] = {NUMBERS[name]: bundle(name) for name in POSITIONS}
        self.bundles[NUMBERS["elsewhere"]] = bundle(elsewhere=True)
        self.bundles[NUMBERS["few"]] = bundle(few=True)

    def __call__(self, environ: dict[str, Any], start: Any) -> list[bytes]:
        address = environ["PATH_INFO"]
        self.asked.append(address)
        headers = [("Content-Security-Policy", CONTENT_POLICY)]
        if address.startswith("/static/"):
            file = STATIC / address.removeprefix("/static/")
            start("200 OK", [*headers, ("Content-Type", KINDS[file.suffix])])
            return [file.read_bytes()]
        if address == "/favicon.ico":
            start("404 Not Found", headers)
            return [b""]
        _, _, number, what, *more = address.split("/")
        if what == "viewer":
            start("200 OK", [*headers, ("Content-Type", "text/html; charset=utf-8")])
            return [_page(number)]
        if what == "isodoses":
            self.kept.append(json.loads(environ["wsgi.input"].read(int(environ["CONTENT_LENGTH"]))))
            start("200 OK", [*headers, ("Content-Type", "application/json")])
            return [b'{"saved": true}']
        if not more[0]:
            start("200 OK", [*headers, ("Content-Type", "application/json")])
            waits = {"ready": False, "why": "Nothing that could be drawn has come yet.", "failed": True}
            return [json.dumps(self.bundles[number][0] if number in self.bundles else waits).encode()]
        data = self.bundles[number][1][more[1]]
        asked = environ.get("HTTP_RANGE")
        if asked:
            first, last = (int(one) for one in asked.removeprefix("bytes=").split("-"))
            start("206 Partial Content", [*headers, ("Content-Type", "application/octet-stream")])
            return [data[first : last + 1]]
        start("200 OK", [*headers, ("Content-Type", "application/octet-stream")])
        return [data]


def _page(number: str) -> bytes:
    context = {
        "plan_set": SimpleNamespace(pk=int(number)),
        "label": "Phantom",
        "file": SimpleNamespace(sent_id="P-44HQT"),
        "others": [(2, "Another")],
        "words": words.words(),
        "keys": words.keys(),
        "planes": words.planes(),
        "modules": [f"js/viewer/{name}" for name in MODULES if name not in ("main.js", "worker.js")],
        "theme": "auto",
    }
    return render_to_string("viewer/page.html", context).encode()


class Quiet(WSGIRequestHandler):
    def log_message(self, *args: object) -> None:
        """No line per request."""


def is_wrong(line: Any) -> bool:
    """Whether a line of the console is a complaint; that these tests read pixels is none."""
    return line.type in ("error", "warning") and "willReadFrequently" not in line.text


def placed(page: Any, plane: str, point: Any) -> list[float]:
    """Where a point of the patient stands on a plane, px."""
    found: list[float] = page.evaluate(
        "([plane, at]) => planbankViewer.place(plane, at)", [plane, [float(mm) for mm in point]]
    )
    return found


def aside_of(x: float, y: float, z: float) -> list[float]:
    """A point beside the marker, mm."""
    found: list[float] = (MARKER + np.array((x, y, z))).tolist()
    return found


def settled(page: Any) -> None:
    """The next frame has been drawn."""
    page.evaluate("new Promise((go) => requestAnimationFrame(() => requestAnimationFrame(go)))")


def middle(
    page: Any, plane: str, colour: tuple[int, int, int] | None = None, near: list[float] | None = None
) -> tuple[float, float, float]:
    """(how much, x, y) of what is bright, or of a colour, within `near` (x, y, radius) of a canvas; px."""
    asked = [plane, *(colour or (None, None, None)), near]
    found: tuple[float, float, float] = page.evaluate(MIDDLE, asked)
    return found
