"""The least that receiving safely can cost: TCP, write, fsync, rename, fsync of the folder, one byte back.

`python -m bench.receive.floor receive PORT FOLDER` and `... send PORT FILE...`; no DICOM in between.
"""

from __future__ import annotations

import os
import socket
import struct
import sys
import threading
from pathlib import Path

_SIZE = struct.Struct(">Q")


def receive(port: int, folder: Path) -> None:
    with socket.create_server(("127.0.0.1", port)) as listener:
        while True:
            sock, _ = listener.accept()
            threading.Thread(target=_take, args=(sock, folder), daemon=True).start()


def _take(sock: socket.socket, folder: Path) -> None:
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    buffer = memoryview(bytearray(131072))
    with sock:
        while head := sock.recv(_SIZE.size, socket.MSG_WAITALL):
            (left,) = _SIZE.unpack(head)
            part = folder / f"{os.urandom(16).hex()}.part"
            fd = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL)
            while left:
                count = sock.recv_into(buffer[: min(left, len(buffer))])
                os.write(fd, buffer[:count])
                left -= count
            os.fsync(fd)
            os.close(fd)
            part.rename(part.with_suffix(".done"))
            directory = os.open(folder, os.O_RDONLY)
            os.fsync(directory)
            os.close(directory)
            sock.sendall(b"\0")


def send(port: int, files: list[Path]) -> None:
    with socket.create_connection(("127.0.0.1", port)) as sock:
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for file in files:
            with file.open("rb") as data:
                sock.sendall(_SIZE.pack(file.stat().st_size))
                sock.sendfile(data)
            sock.recv(1)


if __name__ == "__main__":
    if sys.argv[1] == "receive":
        receive(int(sys.argv[2]), Path(sys.argv[3]))
    else:
        send(int(sys.argv[2]), [Path(name) for name in sys.argv[3:]])
