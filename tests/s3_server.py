"""An S3-compatible server (moto) on a real socket, in an environment of its own.

Comes in: nothing. Goes out: a server, and buckets of it. `make test` installs it into .venv/s3-peer: what
it needs does not go together with what planbank needs.
"""

from __future__ import annotations

import os
import secrets
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.request import Request, urlopen

from planbank.archive.s3 import Bucket, S3Store

ROOT = Path(__file__).resolve().parents[1]
SERVER = Path(os.environ.get("PLANBANK_S3_PEER", ROOT / ".venv/s3-peer")) / "bin/moto_server"


@dataclass(frozen=True)
class S3Server:
    """Where it listens."""

    url: str

    def bucket(self) -> Bucket:
        """A new, empty bucket."""
        name = f"bank-{secrets.token_hex(8)}"
        urlopen(Request(f"{self.url}/{name}", method="PUT"), timeout=10).close()
        return Bucket(name, "archive", self.url, "us-east-1", "somebody", "a secret")

    def store(self, spool: Path) -> S3Store:
        return S3Store(self.bucket(), spool)


@contextmanager
def running() -> Iterator[S3Server]:
    assert SERVER.exists(), f"{SERVER} is missing: `make test` installs it"
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    process = subprocess.Popen(
        [SERVER, "-H", "127.0.0.1", "-p", str(port)], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    try:
        _answers(process, port)
        yield S3Server(f"http://127.0.0.1:{port}")
    finally:
        process.terminate()
        process.wait(10)


def _answers(process: subprocess.Popen[bytes], port: int) -> None:
    deadline = time.monotonic() + 60
    while True:
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
            return
        except OSError:
            assert process.poll() is None, "it ended"
            assert time.monotonic() < deadline, "it does not answer"
            time.sleep(0.1)
