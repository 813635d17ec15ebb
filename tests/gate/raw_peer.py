"""A DICOM sender of its own for tests: any bytes, in any order, as right or wrong as a test needs.

Comes in: files, or bytes and UIDs. Goes out: PDUs on a real socket, and what the other side says.
It shares no code with the gate, so that a fault there is not repeated here.

    status = send_file("127.0.0.1", port, path)

    with Peer("127.0.0.1", port) as peer:
        peer.associate([(CT, [EXPLICIT])])
        status = peer.store(1, CT, "1.2.3", data_set)
        peer.release()
"""

from __future__ import annotations

import socket
import ssl
import struct
from dataclasses import dataclass, field
from pathlib import Path
from typing import Self

IMPLICIT = "1.2.840.10008.1.2"
EXPLICIT = "1.2.840.10008.1.2.1"
VERIFICATION = "1.2.840.10008.1.1"
CT = "1.2.840.10008.5.1.4.1.1.2"

ASSOCIATE_RQ, ASSOCIATE_AC, ASSOCIATE_RJ, DATA, RELEASE_RQ, RELEASE_RP, ABORT = range(1, 8)
C_STORE, C_ECHO = 0x0001, 0x0030
SUCCESS = 0x0000


class RefusedError(Exception):
    """The other side rejected or aborted the association, or closed the connection."""


@dataclass(frozen=True)
class Part10:
    """What a file holds: `data` are the data-set bytes exactly as they stand in it."""

    sop_class_uid: str
    sop_instance_uid: str
    transfer_syntax_uid: str
    data: bytes


def read_part10(path: Path) -> Part10:
    """Take a DICOM file apart (PS3.10 section 7.1). Raises ValueError where it is none."""
    content = path.read_bytes()
    if content[128:132] != b"DICM":
        raise ValueError(f"{path} has no preamble.")
    at, meta = 132, {}
    while content[at : at + 2] == b"\x02\x00":
        element, vr, length = struct.unpack_from("<2xH2sH", content, at)
        at += 8
        if vr in (b"OB", b"OW", b"UN", b"UT", b"SQ", b"UC", b"UR"):
            (length,) = struct.unpack_from("<I", content, at)
            at += 4
        meta[element] = content[at : at + length]
        at += length
    uids = [meta[element].rstrip(b"\0 ").decode("ascii") for element in (2, 3, 0x10)]
    return Part10(*uids, content[at:])


@dataclass
class Peer:
    """One TCP connection to a DICOM application. Every step can be done wrong on purpose."""

    host: str
    port: int
    calling: str = "DEMO_TPS"
    called: str = "PLANBANK"
    timeout: float = 20.0
    max_pdu: int = 16384
    """What this side announces; 0 = any length."""
    tls: ssl.SSLContext | None = None
    peer_max_pdu: int = field(default=0, init=False)
    """What the other side announced."""
    accepted: dict[int, str] = field(default_factory=dict, init=False)
    """Context id -> transfer syntax, after `associate`."""
    results: dict[int, int] = field(default_factory=dict, init=False)
    """Context id -> result, after `associate`: 0 accepted."""

    def __post_init__(self) -> None:
        self.sock = socket.create_connection((self.host, self.port), self.timeout)
        self.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if self.tls is not None:
            self.sock = self.tls.wrap_socket(self.sock, server_hostname=self.host)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.sock.close()

    # --- bytes and PDUs

    def send_bytes(self, data: bytes) -> None:
        self.sock.sendall(data)

    def send_pdu(self, kind: int, body: bytes) -> None:
        self.send_bytes(pdu(kind, body))

    def receive_pdu(self) -> tuple[int, bytes]:
        """Type and body. Raises RefusedError when the connection is closed instead."""
        kind, length = struct.unpack(">BxI", self._exactly(6))
        return kind, self._exactly(length)

    def is_closed(self) -> bool:
        """Whether the other side closes, with or without a last PDU, before the timeout."""
        try:
            while self.sock.recv(65536):
                pass
        except TimeoutError:
            return False
        except OSError:
            return True
        return True

    def _exactly(self, count: int) -> bytes:
        data = b""
        while len(data) < count:
            try:
                more = self.sock.recv(count - len(data))
            except ConnectionError as exc:
                raise RefusedError("reset") from exc
            if not more:
                raise RefusedError("closed")
            data += more
        return data

    # --- associations

    def associate(
        self, contexts: list[tuple[str, list[str]]], *, user_items: bytes = b"", **changes: bytes
    ) -> dict[int, str]:
        """Propose (abstract syntax, transfer syntaxes) under ids 1, 3, 5...; gives what was accepted.

        `user_items` are added to the user information; `changes` as in `associate_request`.
        Raises RefusedError with the PDU's type and body where there is no A-ASSOCIATE-AC.
        """
        body = associate_request(
            contexts, self.calling, self.called, self.max_pdu, user_items=user_items, **changes
        )
        self.send_pdu(ASSOCIATE_RQ, body)
        return self.receive_accept()

    def receive_accept(self) -> dict[int, str]:
        kind, body = self.receive_pdu()
        if kind != ASSOCIATE_AC:
            raise RefusedError(kind, body)
        for item_kind, value in items(body[68:]):
            if item_kind == 0x21:
                syntaxes = [uid for kind, uid in items(value[4:]) if kind == 0x40]
                self.results[value[0]] = value[2]
                if value[2] == 0:
                    self.accepted[value[0]] = syntaxes[0].decode("ascii")
            elif item_kind == 0x50:
                self.user_items = list(items(value))
                self.peer_max_pdu = int.from_bytes(dict(self.user_items)[0x51], "big")
        return self.accepted

    def release(self) -> None:
        """A-RELEASE-RQ, and wait for the answer."""
        self.send_pdu(RELEASE_RQ, bytes(4))
        kind, body = self.receive_pdu()
        if kind != RELEASE_RP:
            raise RefusedError(kind, body)

    def abort(self) -> None:
        self.send_pdu(ABORT, bytes(4))

    # --- messages

    def send_command(self, context_id: int, elements: dict[int, bytes | int | str]) -> None:
        self.send_pdu(DATA, pdv(context_id, command_set(elements), command=True, last=True))

    def send_data(self, context_id: int, data: bytes, *, last: bool = True) -> None:
        """A data set, or a part of one, in PDUs as long as the other side takes them."""
        room = (self.peer_max_pdu or 16384) - 6
        parts = [data[at : at + room] for at in range(0, len(data), room)] or [b""]
        for number, part in enumerate(parts):
            ends = last and number == len(parts) - 1
            self.send_pdu(DATA, pdv(context_id, part, command=False, last=ends))

    def receive_command(self) -> dict[int, bytes]:
        """Element number -> value of the next command set, however it is cut up."""
        data = b""
        while True:
            kind, body = self.receive_pdu()
            if kind != DATA:
                raise RefusedError(kind, body)
            at = 0
            while at < len(body):
                length, _, control = struct.unpack_from(">IBB", body, at)
                data += body[at + 6 : at + 4 + length]
                at += 4 + length
                if control == 3:
                    return read_command_set(data)

    def receive_status(self) -> int:
        return int.from_bytes(self.receive_command()[0x0900], "little")

    def store(self, context_id: int, sop_class: str, sop_instance: str, data: bytes) -> int:
        """C-STORE, whole; gives the status."""
        self.send_command(context_id, store_request(sop_class, sop_instance))
        self.send_data(context_id, data)
        return self.receive_status()

    def echo(self, context_id: int = 1) -> int:
        """C-ECHO; gives the status."""
        self.send_command(context_id, {0x0002: VERIFICATION, 0x0100: C_ECHO, 0x0110: 1, 0x0800: 0x0101})
        return self.receive_status()


def send_file(host: str, port: int, path: Path, calling: str = "DEMO_TPS", called: str = "PLANBANK") -> int:
    """Send the very bytes of a file in its own transfer syntax; gives the C-STORE status."""
    part10 = read_part10(path)
    return send_object(host, port, part10, calling, called)


def send_object(
    host: str, port: int, part10: Part10, calling: str = "DEMO_TPS", called: str = "PLANBANK"
) -> int:
    """As `send_file`, for an object that is no file. Raises RefusedError where its context is declined."""
    with Peer(host, port, calling, called) as peer:
        if not peer.associate([(part10.sop_class_uid, [part10.transfer_syntax_uid])]):
            raise RefusedError("context", peer.results)
        status = peer.store(1, part10.sop_class_uid, part10.sop_instance_uid, part10.data)
        peer.release()
        return status


# --- how things are written


def pdu(kind: int, body: bytes) -> bytes:
    return struct.pack(">BxI", kind, len(body)) + body


def pdv(context_id: int, data: bytes, *, command: bool, last: bool) -> bytes:
    return struct.pack(">IBB", len(data) + 2, context_id, command | last << 1) + data


def item(kind: int, value: bytes) -> bytes:
    return struct.pack(">BxH", kind, len(value)) + value


def items(body: bytes) -> list[tuple[int, bytes]]:
    found, at = [], 0
    while at < len(body):
        kind, length = struct.unpack_from(">BxH", body, at)
        found.append((kind, body[at + 4 : at + 4 + length]))
        at += 4 + length
    return found


def associate_request(
    contexts: list[tuple[str, list[str]]],
    calling: str = "DEMO_TPS",
    called: str = "PLANBANK",
    max_pdu: int = 16384,
    *,
    user_items: bytes = b"",
    application_context: bytes = b"1.2.840.10008.3.1.1.1",
    version: bytes = b"\0\1",
) -> bytes:
    """The body of an A-ASSOCIATE-RQ."""
    body = version + bytes(2) + called.encode("latin-1").ljust(16) + calling.encode("latin-1").ljust(16)
    body += bytes(32) + item(0x10, application_context)
    for number, (abstract, transfers) in enumerate(contexts):
        syntaxes = item(0x30, abstract.encode()) + b"".join(item(0x40, uid.encode()) for uid in transfers)
        body += item(0x20, bytes((number * 2 + 1, 0, 0, 0)) + syntaxes)
    max_length = item(0x51, struct.pack(">I", max_pdu))
    return body + item(0x50, max_length + item(0x52, b"1.2.3.4") + user_items)


def store_request(sop_class: str, sop_instance: str) -> dict[int, bytes | int | str]:
    """The elements of a C-STORE-RQ."""
    return {
        0x0002: sop_class,
        0x0100: C_STORE,
        0x0110: 7,
        0x0700: 0,
        0x0800: 0x0001,
        0x1000: sop_instance,
    }


def command_set(elements: dict[int, bytes | int | str]) -> bytes:
    """Implicit VR little endian, group length in front; text is padded with NUL, numbers are US."""
    body = b""
    for element, value in sorted(elements.items()):
        if isinstance(value, int):
            value = struct.pack("<H", value)
        elif isinstance(value, str):
            value = value.encode("latin-1")
            value += bytes(len(value) % 2)
        body += struct.pack("<HHI", 0, element, len(value)) + value
    return struct.pack("<HHII", 0, 0, 4, len(body)) + body


def read_command_set(data: bytes) -> dict[int, bytes]:
    elements, at = {}, 0
    while at < len(data):
        _, element, length = struct.unpack_from("<HHI", data, at)
        elements[element] = data[at + 8 : at + 8 + length]
        at += 8 + length
    return elements


def small_data_set(sop_class: str, sop_instance: str, *, pixels: int = 0) -> bytes:
    """A data set in explicit VR little endian: the two UIDs, a patient ID, `pixels` bytes of pixel data."""
    found = b""
    for group, element, vr, value in (
        (0x0008, 0x0016, b"UI", sop_class.encode("latin-1")),
        (0x0008, 0x0018, b"UI", sop_instance.encode("latin-1")),
        (0x0010, 0x0020, b"LO", b"PHANTOM"),
    ):
        value += (b"\0" if vr == b"UI" else b" ") * (len(value) % 2)
        found += struct.pack("<HH2sH", group, element, vr, len(value)) + value
    if pixels:
        found += struct.pack("<HH2s2xI", 0x7FE0, 0x0010, b"OW", pixels) + bytes(pixels)
    return found
