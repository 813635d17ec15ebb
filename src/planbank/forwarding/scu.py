"""Sending DICOM files as they are.

Comes in: paths of Part 10 files and a node. Goes out: one result per file. The data-set bytes
are sent as they stand in the file, in the file's own transfer syntax.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from pydicom import dcmread
from pydicom.errors import InvalidDicomError

from planbank.errors import NoLine, SendError
from planbank.forwarding.line import MAX_CONTEXTS, Answer, Line, Node, connect

TRIES = 3
_WORDS = {
    "refused": "nothing listens there",
    "no-answer": "no answer",
    "unreachable": "there is no way to it",
    "tls": "the TLS handshake failed: look at the certificates of both sides",
    "called-unknown": "it is not called by this AE title",
    "calling-unknown": "it does not know our AE title",
    "busy": "it is busy",
    "rejected": "it rejected the association",
    "not-dicom": "it did not answer as a DICOM system does",
    "nothing-accepted": "it accepts none of the objects",
}


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
    waiting, tried, line = deque(files), 0, _open(files, node)
    try:
        while waiting:
            if not line.is_open:
                line.close()
                line = _open(waiting, node)
            file, tried = waiting[0], tried + 1
            answer = line.store(file.path, file.sop_class_uid, file.transfer_syntax_uid)
            if answer.what == "no-answer" and tried < TRIES:
                continue
            tell(Sent(file.path, _problem(answer), answer.status))
            waiting.popleft()
            tried = 0
    except SendError as exc:
        if len(waiting) == len(files):
            raise
        for file in waiting:
            tell(Sent(file.path, f"The association ended before this object. {exc}"))
    finally:
        line.close()


def _open(files: Iterable[_File], node: Node) -> Line:
    try:
        return connect(node, {(f.sop_class_uid, f.transfer_syntax_uid) for f in files})
    except NoLine as exc:
        where = f"{node.called_ae} at {node.host}:{node.port}"
        raise SendError(f"{where}: {_WORDS.get(exc.code, exc.code)}.") from exc


def _problem(answer: Answer) -> str:
    match answer.what:
        case "taken":
            return ""
        case "refused":
            return f"Refused with status {answer.status:04X}. {answer.comment}".strip()
        case "not-accepted":
            return "The node does not accept this class in this transfer syntax; nothing is ever converted."
        case "no-answer":
            return "No answer came."
    return "It could not be read or sent."


__all__ = ["Node", "Sent", "dicom_files", "send"]
