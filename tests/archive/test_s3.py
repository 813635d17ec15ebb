"""What is special about an archive in a bucket: large objects, a store that overwrites or is away."""

from __future__ import annotations

import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from planbank.archive.opened import store_of
from planbank.archive.s3 import Bucket, S3Store
from planbank.archive.s3 import store as s3
from planbank.config import Settings
from planbank.errors import ObjectMissing, SettingsError, StoreError
from tests.s3_server import S3Server

KEY = "objects/ab/" + "ab" * 32


def test_large_objects_are_read_piece_by_piece(
    s3_server: S3Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(s3, "READ_WHOLE", 1000)
    store = s3_server.store(tmp_path)
    content = bytes(range(256)) * 40_000
    store.put(KEY, content)
    with store.open(KEY) as stream:
        assert stream.read(10) == content[:10]
        stream.seek(-7, 2)
        assert stream.read() == content[-7:]
        stream.seek(5_000_000)
        assert stream.read(3) == content[5_000_000:5_000_003]
        stream.seek(0)
        assert stream.read() == content
        assert stream.read(1) == b""
        store.erase(KEY)
        stream.seek(0)
        with pytest.raises(ObjectMissing):
            stream.read(1)


def test_it_knows_a_store_that_keeps_the_first(s3_server: S3Server, tmp_path: Path) -> None:
    store = s3_server.store(tmp_path)
    store.must_keep_the_first()
    assert list(store.keys()) == []


class Overwrites(BaseHTTPRequestHandler):
    """A store that takes every put and says that nothing lies anywhere."""

    def do_PUT(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        self.send_response(200)
        self.send_header("ETag", '"x"')
        self.send_header("Content-Length", "0")
        self.end_headers()

    def do_HEAD(self) -> None:
        self.send_response(404)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_words: object) -> None:
        """Says nothing."""


def test_a_store_that_overwrites_is_refused(tmp_path: Path) -> None:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Overwrites)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        url = f"http://127.0.0.1:{server.server_address[1]}"
        store = S3Store(Bucket("b", "", url, "us-east-1", "a", "s"), tmp_path)
        with pytest.raises(StoreError, match="overwrites"):
            store.must_keep_the_first()
    finally:
        server.shutdown()
        server.server_close()


def test_a_bucket_that_is_not_there_is_no_missing_object(s3_server: S3Server, tmp_path: Path) -> None:
    gone = Bucket("no-such-bucket", "", s3_server.url, "us-east-1", "a", "s")
    with pytest.raises(StoreError):
        S3Store(gone, tmp_path).put(KEY, b"bytes")


def test_the_settings_name_it(s3_server: S3Server, tmp_path: Path) -> None:
    bucket = s3_server.bucket()
    secret = tmp_path / "secret"
    secret.write_text("a secret\n")
    (tmp_path / "archive").mkdir()
    named = Settings(
        home=tmp_path,
        archive_url=f"s3://{bucket.name}/archive",
        s3_endpoint=s3_server.url,
        s3_access_key_id="somebody",
        s3_secret_file=secret,
    )
    store = store_of(named, tried=True)
    assert store.put(KEY, b"bytes") is True
    assert S3Store(bucket, tmp_path).exists(KEY)
    for wrong in ("https://bucket/x", "s3://", "s3://bucket?x=1", "bucket"):
        with pytest.raises(SettingsError, match="archive_url"):
            store_of(named.model_copy(update={"archive_url": wrong}))
