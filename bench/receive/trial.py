"""One receiver, one number of associations: started, sent to, measured, ended.

Comes in: a receiver and files. Goes out: a `Result`.
"""

from __future__ import annotations

import os
import shutil
import signal
import socket
import struct
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from bench.receive.corpus import ROOT, shares
from bench.receive.receivers import Receiver
from bench.receive.usage import Peak, cpu_seconds, tree
from planbank.gate.associate import AssociateRequest, ProposedContext
from planbank.gate.pdu import PduType, encode_release
from planbank.gate.uids import IMPLICIT_VR_LITTLE_ENDIAN, VERIFICATION
from planbank.gate.user_information import UserInformation

LONGEST_SECONDS = 180
_ENV = {**os.environ, "TCP_NODELAY": "1", "PATH": f"{os.environ.get('PATH', '')}:/usr/sbin"}
_IDLE_SECONDS = 3.0
_OPENED = 50


@dataclass(frozen=True)
class Result:
    """Instances a second, CPU seconds a thousand instances, peak PSS in MB."""

    receiver: str
    associations: int
    per_second: float
    cpu_per_1000: float
    peak_mb: float
    lost: int


@dataclass(frozen=True)
class Quiet:
    """What it costs without objects: CPU % with 8 idle associations, CPU ms per new association."""

    idle_percent: float
    association_ms: float


@contextmanager
def running(receiver: Receiver, place: Path, *before: str) -> Iterator[tuple[int, int, Path]]:
    """Pid, port and folder of a receiver that listens."""
    folder = Path(tempfile.mkdtemp(dir=place))
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    command = [*before, *receiver.command(folder, port)]
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(command, stdout=log, stderr=log, env=_ENV, cwd=ROOT)
    try:
        _wait_for(port, process, folder)
        yield process.pid, port, folder
    finally:
        _end(process)
        shutil.rmtree(folder)


def _end(process: subprocess.Popen[bytes]) -> None:
    """All of it: what ran under strace would outlive it."""
    members = tree(process.pid)
    for number in (signal.SIGTERM, signal.SIGKILL):
        for pid in reversed(members):
            with suppress(ProcessLookupError):
                os.kill(pid, number)
        for _ in range(100):
            if process.poll() is not None and not any(Path(f"/proc/{pid}").exists() for pid in members):
                return
            time.sleep(0.1)


def _wait_for(port: int, process: subprocess.Popen[bytes], folder: Path) -> None:
    for _ in range(600):
        try:
            socket.create_connection(("127.0.0.1", port), 5).close()
        except OSError:
            if process.poll() is not None:
                raise RuntimeError((folder / "log").read_text()[-2000:]) from None
            time.sleep(0.05)
        else:
            time.sleep(0.3)
            return
    raise RuntimeError("It never listened.")


def send(receiver: Receiver, place: Path, files: list[Path], associations: int) -> Result:
    """Send `files` over so many associations at once, by dcmsend (the floor by its own sender)."""
    with running(receiver, place) as (pid, port, folder):
        before = cpu_seconds(pid)
        with Peak(pid) as peak:
            begun = time.monotonic()
            senders = [_sender(receiver, port, share) for share in shares(files, associations)]
            codes = [sender.wait(LONGEST_SECONDS) for sender in senders]
            seconds = time.monotonic() - begun
        if any(codes):
            raise RuntimeError(f"{receiver.name}: a sender ended with {max(codes)}.")
        time.sleep(0.5)
        used = cpu_seconds(pid) - before
        lost = len(files) - len(list(folder.glob(receiver.kept)))
        rate, cpu = len(files) / seconds, used / len(files) * 1000
        return Result(receiver.name, associations, rate, cpu, peak.mb, lost)


def _sender(receiver: Receiver, port: int, files: list[Path]) -> subprocess.Popen[bytes]:
    names = [str(file) for file in files]
    if receiver.dicom:
        command = ["dcmsend", "-dn", "-aec", "ANY-SCP", "127.0.0.1", str(port), *names]
    else:
        command = [sys.executable, "-m", "bench.receive.floor", "send", str(port), *names]
    return subprocess.Popen(command, env=_ENV, stdout=subprocess.DEVNULL, cwd=ROOT)


def syncs(receiver: Receiver, place: Path, files: list[Path]) -> str:
    """Whether it syncs a file before it answers, as strace saw it for a few: 'yes', 'no', '?'."""
    if shutil.which("strace") is None:
        return "?"
    trace = place / "trace"
    strace = ("strace", "-f", "-qq", "-e", "trace=fsync,fdatasync,sync_file_range,msync", "-o", str(trace))
    with running(receiver, place, *strace) as (_, port, _folder):
        trace.write_bytes(b"")
        _sender(receiver, port, files[:4]).wait(LONGEST_SECONDS)
        time.sleep(0.2)
        seen = sum("sync" in line for line in trace.read_text().splitlines())
    return "yes" if seen >= 4 else "no"


def quiet(receiver: Receiver, place: Path) -> Quiet | None:
    """Eight associations that say nothing, and fifty that only come and go."""
    if not receiver.dicom:
        return None
    with running(receiver, place) as (pid, port, _):
        open_ones = [_associate(port) for _ in range(8)]
        time.sleep(1.5)
        before = cpu_seconds(pid)
        time.sleep(_IDLE_SECONDS)
        idle = (cpu_seconds(pid) - before) / _IDLE_SECONDS * 100
        for sock in open_ones:
            sock.close()
        time.sleep(0.5)
        before = cpu_seconds(pid)
        for _ in range(_OPENED):
            sock = _associate(port)
            sock.sendall(encode_release(PduType.RELEASE_RQ))
            _pdu(sock)
            sock.close()
        time.sleep(0.5)
        return Quiet(idle, (cpu_seconds(pid) - before) / _OPENED * 1000)


def _associate(port: int) -> socket.socket:
    sock = socket.create_connection(("127.0.0.1", port), 20)
    context = ProposedContext(1, VERIFICATION, (IMPLICIT_VR_LITTLE_ENDIAN,))
    user = UserInformation(16384, "1.2.3.4")
    sock.sendall(AssociateRequest("ANY-SCP", "BENCH", (context,), user).encode())
    _pdu(sock)
    return sock


def _pdu(sock: socket.socket) -> None:
    _, length = struct.unpack(">BxI", sock.recv(6, socket.MSG_WAITALL))
    sock.recv(length, socket.MSG_WAITALL)
