"""One command: see the package's docstring."""

from __future__ import annotations

import argparse
import os
import shutil
import statistics
import tempfile
from collections.abc import Sequence
from pathlib import Path

from bench.viewer.bank import running, send_plan
from bench.viewer.browser import Opening, chromium, opened, plan_of, signed_in
from bench.viewer.packing import Packing, packed

BUDGETS = {"first-slice": 1000.0, "dose-contours": 1500.0, "all-slices": 6000.0}
FRAME_MS, HEAP_MB, GROWTH_MB, BUILD_S = 35.0, 300.0, 10.0, 6.0
HEAD = f"{'what':34} {'measured':>10} {'budget':>10}"


def main() -> None:
    parser = argparse.ArgumentParser(prog="bench.viewer", description="What the viewer costs.")
    parser.add_argument("--home", type=Path, help="a home to keep; without it a new one for this run")
    parser.add_argument("--openings", type=int, default=5)
    parser.add_argument(
        "--chromium",
        default=os.environ.get("CHROMIUM") or shutil.which("chromium"),
        help="another browser than Debian's",
    )
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        home = given.home or Path(scratch) / "home"
        packing, openings = _measured(home, given.openings, given.chromium)
    print(*table(packing, openings), sep="\n")


def _measured(home: Path, count: int, executable: str | None) -> tuple[Packing, list[Opening]]:
    plan_files, number = home / "bench-viewer-plan", home / "bench-viewer-patient"
    with running(home) as bank:
        if not number.exists():
            number.write_text(send_plan(bank, plan_files))
        with chromium(executable) as browser:
            page = signed_in(browser, bank)
            plan = plan_of(page, bank, number.read_text())
            openings = [opened(page, bank, plan) for _ in range(count)]
    return packed(plan_files), openings


def table(packing: Packing, openings: Sequence[Opening]) -> list[str]:
    """Medians over the openings, beside their budgets."""
    lines = [HEAD]
    for name, budget in BUDGETS.items():
        lines.append(_line(name, statistics.median(one.marks[name] for one in openings), budget, "ms"))
    lines.append(
        _line("three-plane frame, median", statistics.median(o.frame for o in openings), FRAME_MS, "ms")
    )
    lines.append(_line("heap, highest", max(one.heap for one in openings), HEAP_MB, "MB"))
    lines.append(
        _line("heap, growth over the openings", openings[-1].heap - openings[0].heap, GROWTH_MB, "MB")
    )
    lines.append(_line("bundle made in", packing.seconds, BUILD_S, "s"))
    return [
        *lines,
        f"bundle: {packing.size / 1e6:.1f} MB; {len(openings)} openings; load {os.getloadavg()[0]:.1f}",
    ]


def _line(what: str, measured: float, budget: float, unit: str) -> str:
    mark = "" if measured <= budget else "  above"
    return f"{what:34} {measured:7.1f} {unit:2} {budget:7.0f} {unit:2}{mark}"


if __name__ == "__main__":
    main()
