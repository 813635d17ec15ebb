"""The gate's own file."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from planbank.errors import SettingsError
from planbank.gate import config
from planbank.gate.limits import Limits

if TYPE_CHECKING:
    from tests.gate.conftest import Transit

GOOD = {
    "host": "127.0.0.1",
    "port": 11112,
    "ae_title": "PLANBANK",
    "transit": "/transit",
    "recipients": ["age1abc"],
    "sign_key": "/keys/gate.sign",
}


def load(tmp_path: Path, content: object) -> config.GateConfig:
    file = tmp_path / "gate.json"
    file.write_text(content if isinstance(content, str) else json.dumps(content))
    return config.load(file)


def test_a_file_is_read(tmp_path: Path) -> None:
    found = load(tmp_path, GOOD | {"limits": {"connections": 3}, "log_level": "DEBUG", "clock_file": "/c"})
    assert found == config.GateConfig(
        host="127.0.0.1",
        port=11112,
        ae_title="PLANBANK",
        transit=Path("/transit"),
        recipients=("age1abc",),
        sign_key=Path("/keys/gate.sign"),
        log_level="DEBUG",
        limits=Limits(connections=3),
        clock_file=Path("/c"),
        processes=len(os.sched_getaffinity(0)),
    )


def test_processes_and_tls_are_read(tmp_path: Path) -> None:
    tls = {"port": 2762, "certificate": "/c", "key": "/k", "ca": "/a"}
    found = load(tmp_path, GOOD | {"processes": 3, "tls": tls})
    assert found.processes == 3
    assert found.tls == config.TlsConfig(2762, Path("/c"), Path("/k"), Path("/a"), plain=False)
    found = load(tmp_path, GOOD | {"tls": tls | {"plain": True}})
    assert found.tls is not None
    assert found.tls.plain


def test_what_is_not_said_has_a_default(tmp_path: Path) -> None:
    found = load(tmp_path, GOOD)
    assert (found.log_level, found.limits, found.clock_file) == ("INFO", Limits(), None)


@pytest.mark.parametrize(
    ("changes", "named"),
    [
        ({"port": 70000}, "port"),
        ({"port": "11112"}, "port"),
        ({"port": True}, "port"),
        ({"host": ""}, "host"),
        ({"transit": None}, "transit"),
        ({"ae_title": "SEVENTEEN LETTERS"}, "ae_title"),
        ({"ae_title": "../PLAN"}, "ae_title"),
        ({"recipients": []}, "recipients"),
        ({"recipients": "age1abc"}, "recipients"),
        ({"log_level": "LOUD"}, "log_level"),
        ({"limits": [1]}, "limits"),
        ({"limits": {"connections": 0}}, "limits.connections"),
        ({"sign_keys": "/x"}, "sign_keys"),
        ({"processes": 0}, "processes"),
        ({"processes": 65}, "processes"),
        ({"tls": True}, "tls"),
        ({"tls": {"port": 2762}}, "tls.certificate"),
        ({"tls": {"port": -1, "certificate": "/c", "key": "/k", "ca": "/a"}}, "tls.port"),
        ({"tls": {"port": 1, "certificate": "/c", "key": "/k", "ca": "/a", "plain": 1}}, "tls.plain"),
        ({"tls": {"port": 1, "certificate": "/c", "key": "/k", "ca": "/a", "pem": 1}}, "tls"),
    ],
)
def test_what_is_wrong_is_named_with_the_file(tmp_path: Path, changes: dict, named: str) -> None:
    with pytest.raises(SettingsError, match=rf"gate\.json: {named}"):
        load(tmp_path, GOOD | changes)


@pytest.mark.parametrize("content", ["", "{", "[]", '"x"'])
def test_a_file_that_is_no_object_is_refused(tmp_path: Path, content: str) -> None:
    with pytest.raises(SettingsError, match=r"gate\.json"):
        load(tmp_path, content)


def test_a_file_that_is_absent_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=r"none\.json"):
        config.load(tmp_path / "none.json")


def test_the_fixture_of_these_tests_writes_such_a_file(tmp_path: Path, transit: Transit) -> None:
    assert config.load(transit.write_config(tmp_path / "gate.json")).transit == transit.path
