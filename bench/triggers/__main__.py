"""`python -m bench.triggers`: 1,000 triggers on one plan set; the target is 100 ms.

Comes in: nothing. Goes out: the table of `trial`. No database is asked; the rooms it measures want Django.
"""

from __future__ import annotations

import tempfile
from pathlib import Path

from planbank.boot import start_django
from planbank.config import load

if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as folder:
        start_django(load(home=Path(folder)), "command")
        from bench.triggers.trial import main

        main()
