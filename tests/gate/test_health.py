"""Metrics and health over HTTP, by a real client and by bad ones."""

from __future__ import annotations

import shutil
import socket
import threading
from typing import TYPE_CHECKING
from urllib.error import HTTPError
from urllib.request import Request, urlopen

import pytest

from planbank.gate import health
from planbank.gate.health import Health
from planbank.gate.meters import Meters
from tests.gate.prometheus import read

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.gate.conftest import Transit


@pytest.fixture
def meters() -> Meters:
    meters = Meters()
    meters.take_seat(0)
    return meters


@pytest.fixture
def url(transit: Transit, meters: Meters, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    monkeypatch.setattr(health, "_KEPT_SECONDS", 0.0)
    monkeypatch.setattr(health, "_SECONDS", 0.2)
    listener = health.listen(0)
    assert listener is not None
    answering = Health(listener, transit.tray, meters)
    thread = threading.Thread(target=answering.serve)
    thread.start()
    yield f"http://127.0.0.1:{listener.getsockname()[1]}"
    answering.stop()
    thread.join()


def get(url: str, method: str = "GET") -> tuple[int, str]:
    try:
        with urlopen(Request(url, method=method), timeout=10) as answer:
            return answer.status, answer.read().decode()
    except HTTPError as exc:
        with exc:
            return exc.code, exc.read().decode()


def test_metrics_and_the_disk(url: str, meters: Meters, transit: Transit) -> None:
    meters.refusal("object")
    status, text = get(f"{url}/metrics?x=1")
    found = read(text)
    assert status == 200
    assert found['refusals_total{what="object"}'] == 1
    assert found["transit_writable"] == 1
    assert 0 < found["transit_free_bytes"] <= found["transit_size_bytes"]
    assert transit.left_behind() == []


def test_healthy_while_parcels_can_be_kept(url: str, transit: Transit) -> None:
    assert get(f"{url}/healthz") == (200, "ok\n")
    shutil.rmtree(transit.path / "incoming")
    status, text = get(f"{url}/healthz")
    assert status == 503
    assert "transit area cannot be written: No such file or directory" in text
    assert "transit_writable 0" in get(f"{url}/metrics")[1]
    (transit.path / "incoming").mkdir()
    assert get(f"{url}/healthz")[0] == 200


def test_ill_where_no_process_takes_associations(url: str, meters: Meters) -> None:
    meters.clear(0)
    assert get(f"{url}/healthz") == (503, "No process takes associations.\n")


@pytest.mark.parametrize(
    ("path", "method", "status"), [("/", "GET", 404), ("/metrics", "POST", 405), ("/../etc", "GET", 404)]
)
def test_nothing_else_is_answered(url: str, path: str, method: str, status: int) -> None:
    assert get(f"{url}{path}", method)[0] == status


@pytest.mark.parametrize("sent", [b"", b"\r\n\r\n", b"GET", b"\x00" * 20_000, b"GET /metrics\r\n\r\n"])
def test_a_bad_caller_holds_up_nobody(url: str, sent: bytes) -> None:
    port = int(url.rpartition(":")[2])
    with socket.create_connection(("127.0.0.1", port)) as caller:
        caller.sendall(sent)
        assert get(f"{url}/healthz")[0] == 200


def test_a_port_that_is_taken_does_not_stop_the_gate() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        assert health.listen(taken.getsockname()[1]) is None
