"""A large file to disk over a real socket that breaks off, comes back, or becomes another file (R155)."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from planbank.client import ApiError, Client
from planbank.client import download as downloading

CONTENT = bytes(range(256)) * 40_000


class Place:
    """A server that gives `content`, cutting each answer after `cut` bytes, and notes what was asked."""

    def __init__(self) -> None:
        self.content, self.tag, self.cut, self.refusal = CONTENT, '"1"', len(CONTENT), 0
        self.asked: list[str] = []
        place = self

        class Handler(BaseHTTPRequestHandler):
            def log_message(self, *_args: object) -> None:
                pass

            def do_GET(self) -> None:
                place.answer(self)

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.thread = threading.Thread(target=self.server.serve_forever)
        self.thread.start()

    def answer(self, to: BaseHTTPRequestHandler) -> None:
        asked = to.headers.get("Range", "")
        self.asked.append(asked)
        if self.refusal:
            body = b'{"title": "Not allowed", "detail": "revoked", "status": 403}'
            to.send_response(self.refusal)
            to.send_header("Content-Length", str(len(body)))
            to.end_headers()
            to.wfile.write(body)
            return
        goes_on = asked and to.headers.get("If-Range") == self.tag
        start = int(asked[6:-1]) if goes_on else 0
        if start >= len(self.content):
            to.send_response(416)
            to.send_header("Content-Range", f"bytes */{len(self.content)}")
            to.send_header("Content-Length", "0")
            to.end_headers()
            return
        to.send_response(206 if goes_on else 200)
        to.send_header("Content-Length", str(len(self.content) - start))
        if goes_on:
            to.send_header("Content-Range", f"bytes {start}-{len(self.content) - 1}/{len(self.content)}")
        to.send_header("ETag", self.tag)
        to.end_headers()
        to.wfile.write(self.content[start : start + self.cut])
        to.close_connection = True


@pytest.fixture
def place(monkeypatch: pytest.MonkeyPatch) -> Iterator[Place]:
    monkeypatch.setattr(downloading, "PAUSE", 0.0)
    found = Place()
    yield found
    found.server.shutdown()
    found.thread.join()
    found.server.server_close()


@pytest.fixture
def bank(place: Place) -> Client:
    return Client(f"http://127.0.0.1:{place.server.server_port}", "pbk_x", timeout=5)


def test_whole_at_once(place: Place, bank: Client, tmp_path: Path) -> None:
    found = bank.download(7, tmp_path / "files.zip")
    assert found.read_bytes() == CONTENT and list(tmp_path.iterdir()) == [found]


def test_it_goes_on_where_it_broke_off_also_in_another_call(
    place: Place, bank: Client, tmp_path: Path
) -> None:
    place.cut = len(CONTENT) // 6
    with pytest.raises(ApiError, match="call it again"):
        bank.download(7, tmp_path / "files.zip")
    assert not (tmp_path / "files.zip").exists()
    assert bank.download(7, tmp_path / "files.zip").read_bytes() == CONTENT
    starts = [int(one[6:-1] or 0) if one else 0 for one in place.asked]
    assert starts == sorted(starts) and starts[0] == 0 and len(set(starts)) == len(starts), "nothing twice"


def test_a_file_that_became_another_is_begun_anew(place: Place, bank: Client, tmp_path: Path) -> None:
    place.cut = len(CONTENT) // 6
    with pytest.raises(ApiError):
        bank.download(7, tmp_path / "files.zip")
    place.content, place.tag, place.cut = CONTENT[::-1], '"2"', len(CONTENT)
    assert bank.download(7, tmp_path / "files.zip").read_bytes() == CONTENT[::-1]


def test_what_broke_off_after_the_last_byte_is_whole(place: Place, bank: Client, tmp_path: Path) -> None:
    (tmp_path / "files.zip.part").write_bytes(CONTENT)
    (tmp_path / "files.zip.part.tag").write_text(place.tag)
    assert bank.download(7, tmp_path / "files.zip").read_bytes() == CONTENT


def test_a_refusal_is_said_and_what_came_stays(place: Place, bank: Client, tmp_path: Path) -> None:
    place.cut = 1000
    with pytest.raises(ApiError):
        bank.download(7, tmp_path / "files.zip")
    place.refusal = 403
    with pytest.raises(ApiError, match="revoked") as refused:
        bank.download(7, tmp_path / "files.zip")
    assert refused.value.status == 403 and (tmp_path / "files.zip.part").stat().st_size >= 1000
