"""An empty, migrated database, made once a test run and copied into each home.

Comes in: a home that does not exist yet. Goes out: the home with HOME/pg, as a first start leaves it. What a
first start does is tried where it is the subject (test_demo.py).
"""

from __future__ import annotations

import fcntl
import os
import subprocess
import sys
import tempfile
from pathlib import Path

MAKE = """
import sys
from pathlib import Path
from planbank import boot
from planbank.config import load
from planbank.embedded import EmbeddedPostgres
from planbank.processes import home
from planbank.processes.supervise import migrate
settings = load(home=Path(sys.argv[1]), log_level="ERROR")
home.prepare(settings, demo=False)
server = EmbeddedPostgres(settings.home)
server.start()
try:
    boot.start_django(settings, "test")
    migrate()
finally:
    server.stop()
"""


def lay(home: Path) -> None:
    """Copy the database into a new home; the first of all workers makes it."""
    shared = Path(os.environ.get("PLANBANK_TEST_HOME") or tempfile.mkdtemp(prefix="planbank-cluster-"))
    made = shared / "cluster"
    with (shared / "cluster.lock").open("a") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (made / "ready").exists():
            plain = {k: v for k, v in os.environ.items() if not k.startswith("PLANBANK_")}
            subprocess.run(
                [sys.executable, "-c", MAKE, str(made)], env=plain, check=True, capture_output=True
            )
            (made / "ready").touch()
    home.mkdir(mode=0o711)
    # cp keeps the account that the server runs as.
    subprocess.run(["cp", "-a", str(made / "pg"), str(home / "pg")], check=True)
