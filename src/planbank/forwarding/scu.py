"""Sending DICOM files as they are.

Comes in: paths of Part 10 files and a node. Goes out: one result per file. The data-set bytes
are sent as they stand in the file, in the file's own transfer syntax.
"""

from __future__ import annotations

import socket
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from pydicom import dcmread
from pydicom.errors import InvalidDicomError
from pynetdicom import AE, _config, build_context, evt
from pynetdicom.association import Association

from planbank.errors import SendError

_config.STORE_SEND_CHUNKED_DATASET = True
MAX_CONTEXTS = 128  # PS3.8 9.3.2.2: identifiers are the odd numbers 1 to 255
MAX_PDU = 131072
TRIES = 3


@dataclass(frozen=True)
class Node:
    """Where to send: address, port and the two AE titles."""

    host: str
    port: int
    calling_ae: str
    called_ae: str


@dataclass(frozen=True)
class Sent:
    """What became of one file; `problem` is empty when the peer answered success or a warning."""

    path: Path
    problem: str = ""
    status: int | None = None


@dataclass(frozen=True)
class _File:
    path: Path
    sop_class_uid: str
    transfer_syntax_uid: str


def dicom_files(paths: Iterable[Path]) -> Iterator[Path]:
    """Files named, and all files below folders named, in order of name."""
    for path in paths:
        if path.is_dir():
            yield from sorted(p for p in path.rglob("*") if p.is_file())
        else:
            yield path


def send(paths: Iterable[Path], node: Node, told: Callable[[Sent], None] = lambda _sent: None) -> list[Sent]:
    """Send files over as few associations as there are sets of presentation contexts.

    Raises SendError when the node cannot be reached or rejects the association.
    """
    results: list[Sent] = []

    def tell(sent: Sent) -> None:
        results.append(sent)
        told(sent)

    files: list[_File] = []
    for path in paths:
        try:
            files.append(_meta(path))
        except (InvalidDicomError, OSError, AttributeError, ValueError) as exc:
            tell(Sent(path, f"This is not a DICOM file ({type(exc).__name__})."))
    for batch in _batches(files):
        _send_batch(batch, node, tell)
    return results


def _meta(path: Path) -> _File:
    meta = dcmread(path, specific_tags=[], stop_before_pixels=True).file_meta
    return _File(path, str(meta.MediaStorageSOPClassUID), str(meta.TransferSyntaxUID))


def _batches(files: list[_File]) -> Iterator[list[_File]]:
    """Keep the order given; begin a new association when its contexts would not fit one."""
    batch: list[_File] = []
    contexts: set[tuple[str, str]] = set()
    for file in files:
        context = (file.sop_class_uid, file.transfer_syntax_uid)
        if context not in contexts and len(contexts) == MAX_CONTEXTS:
            yield batch
            batch, contexts = [], set()
        contexts.add(context)
        batch.append(file)
    if batch:
        yield batch


def _send_batch(files: list[_File], node: Node, tell: Callable[[Sent], None]) -> None:
    """Send in order. An association that breaks off is opened anew where it broke.

    An object without an answer is sent again: receiving one twice is harmless (PS3.4 B.2), missing
    one is not. What gets no answer `TRIES` times is told, and the next one gets its chance.
    """
    waiting, tried, assoc = deque(files), 0, _associate(files, node)
    try:
        while waiting:
            if not assoc.is_established:
                assoc = _associate(list(waiting), node)
            tried += 1
            sent = _store(assoc, waiting[0])
            if sent.status is None and not assoc.is_established and tried < TRIES:
                continue
            tell(sent)
            waiting.popleft()
            tried = 0
    except SendError as exc:
        if len(waiting) == len(files):
            raise
        for file in waiting:
            tell(Sent(file.path, f"The association ended before this object. {exc}"))
    finally:
        if assoc.is_established:
            assoc.release()


def _associate(files: list[_File], node: Node) -> Association:
    ae = AE(ae_title=node.calling_ae)
    pairs = sorted({(f.sop_class_uid, f.transfer_syntax_uid) for f in files})
    contexts = [build_context(sop_class, syntax) for sop_class, syntax in pairs]
    assoc = ae.associate(
        node.host,
        node.port,
        contexts=contexts,
        ae_title=node.called_ae,
        max_pdu=MAX_PDU,
        evt_handlers=[(evt.EVT_CONN_OPEN, _no_delay)],
    )
    if assoc.is_established:
        return assoc
    if assoc.is_rejected:
        raise SendError(f"{node.called_ae} at {node.host}:{node.port} rejected the association.")
    raise SendError(f"{node.host}:{node.port} does not answer, or accepts none of the objects.")


def _no_delay(event: evt.Event) -> None:
    """Without it each small PDU waits for the other side's acknowledgement (receive.md, rule 5)."""
    sock = event.assoc.dul.socket.socket if event.assoc.dul.socket else None
    if sock is not None:
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)


def _store(assoc: Association, file: _File) -> Sent:
    try:
        status = assoc.send_c_store(file.path)
    except (ValueError, RuntimeError, AttributeError, OSError) as exc:
        return Sent(file.path, f"It could not be sent: {exc}")
    code = status.get("Status") if status else None
    if code is None:
        if assoc.is_established:
            assoc.abort()  # its answer may still come, and would be taken for the next object's
        return Sent(file.path, "No answer came.")
    comment = str(status.get("ErrorComment", "")).strip()
    if code == 0x0000 or 0xB000 <= code <= 0xBFFF:
        return Sent(file.path, "", code)
    return Sent(file.path, f"Refused with status {code:04X}. {comment}".strip(), code)


__all__ = ["Node", "Sent", "dicom_files", "send"]
