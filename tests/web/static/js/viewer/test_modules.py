"""The viewer's modules in Node, held to what Python computes (ui.md, checks 5 to 8); their size."""

from __future__ import annotations

import gzip
import json
import re
import shutil
import subprocess
from pathlib import Path

import planbank.web
from tests.web.static.js.viewer.reference import reference

HERE = Path(__file__).parent
MODULES = Path(planbank.web.__file__).parent / "static" / "js" / "viewer"


def test_node_finds_every_module_right(tmp_path: Path) -> None:
    """A folder of its own says that these are modules: the site says so by `type=module`."""
    shutil.copytree(MODULES, tmp_path / "viewer")
    (tmp_path / "package.json").write_text('{"type": "module"}')
    (tmp_path / "reference.json").write_text(json.dumps(reference()))
    for file in HERE.glob("*.test.js"):
        shutil.copy(file, tmp_path)
    node = shutil.which("node")
    assert node, "nodejs is not installed: `make test` installs it"
    tests = sorted(str(path) for path in tmp_path.glob("*.test.js"))
    done = subprocess.run([node, "--test", *tests], cwd=tmp_path, capture_output=True, text=True)
    wrong = re.findall(r"not ok (?:.*\n){12}", done.stdout)
    assert done.returncode == 0, "\n".join(wrong) or done.stdout + done.stderr


def test_the_viewer_is_small() -> None:
    """ui.md: under 60 KB, as a browser gets it."""
    packed = [len(gzip.compress(path.read_bytes())) for path in MODULES.glob("*.js")]
    assert 5_000 < sum(packed) < 60_000
