"""The command line as people and scripts call it: exit codes, and the reason on the last line."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from planbank import __version__
from planbank.commands import certs
from planbank.config import load
from planbank.processes.home import prepare

COMMANDS = ("up", "gate", "web", "work", "clock", "apply", "send", "wait", "status", "check", "keys", "certs")


def planbank(*arguments: str, **env: str) -> subprocess.CompletedProcess[str]:
    plain = {k: v for k, v in os.environ.items() if not k.startswith("PLANBANK_")}
    return subprocess.run(
        [sys.executable, "-m", "planbank", *arguments],
        env=plain | env,
        capture_output=True,
        text=True,
        timeout=60,
    )


def last_line(done: subprocess.CompletedProcess[str]) -> str:
    return done.stderr.rstrip().splitlines()[-1]


def test_help_names_every_command() -> None:
    done = planbank("--help", COLUMNS="200")
    assert done.returncode == 0
    for name in COMMANDS:
        assert f" {name} " in done.stdout, name


def test_the_version() -> None:
    assert planbank("--version").stdout == f"planbank {__version__}\n"


@pytest.mark.parametrize("command", ["status", "wait", "check", "keys"])
def test_without_a_bank_the_reason_is_on_the_last_line(tmp_path: Path, command: str) -> None:
    done = planbank(command, "--home", str(tmp_path / "none"))
    assert done.returncode == 1
    assert "none" in last_line(done)
    assert "Traceback" not in done.stderr
    assert not (tmp_path / "none").exists(), "asking makes nothing"


def test_with_the_bank_asleep_it_says_what_to_start(tmp_path: Path) -> None:
    prepare(load(home=tmp_path / "bank"), demo=False).close()
    done = planbank("status", "--home", str(tmp_path / "bank"))
    assert done.returncode == 1
    assert "planbank up" in last_line(done)


def test_a_wrong_setting_is_one_plain_line(tmp_path: Path) -> None:
    done = planbank("status", PLANBANK_WEB_PORT="none")
    assert done.returncode == 1
    assert "web_port" in last_line(done)
    assert "Traceback" not in done.stderr


def test_a_wrong_call_has_its_own_exit_code() -> None:
    assert planbank("status", "--colour").returncode == 2
    assert planbank("paint").returncode == 2


def test_keys_lists_what_is_there_and_no_secret(tmp_path: Path) -> None:
    settings = load(home=tmp_path / "bank")
    prepare(settings, demo=False).close()
    done = planbank("keys", "--home", str(settings.home))
    assert done.returncode == 0
    for name in ("transit.pub", "transit.key", "gate.sign", "site.sign", "vault.key"):
        assert name in done.stdout
        secret = (settings.keys_dir / name).read_text().strip().splitlines()
        assert name.endswith(".pub") or not any(line in done.stdout for line in secret)


def test_keys_that_others_can_read_are_a_fault(tmp_path: Path) -> None:
    settings = load(home=tmp_path / "bank")
    prepare(settings, demo=False).close()
    (settings.keys_dir / "transit.key").chmod(0o644)
    done = planbank("keys", "--home", str(settings.home))
    assert done.returncode == 1
    assert "can be read by others" in last_line(done)


def test_certificates_are_made_listed_and_kept(tmp_path: Path) -> None:
    """`planbank certs` needs no running bank; nothing is replaced unasked."""
    home = {"PLANBANK_HOME": str(tmp_path / "bank")}
    assert "planbank certs authority" in last_line(planbank("certs", "list", **home))
    assert planbank("certs", "authority", "Nordby", **home).returncode == 0
    assert planbank("certs", "server", "localhost", "--days", "20", **home).returncode == 0
    made = planbank("certs", "client", "AAL_TPS", **home)
    assert made.returncode == 0
    again = planbank("certs", "client", "AAL_TPS", **home)
    assert again.returncode == 1
    assert "--renew" in last_line(again)
    assert planbank("certs", "client", "AAL_TPS", "--renew", **home).returncode == 0
    assert planbank("certs", "client", "../x", **home).returncode == 1
    rows = {row["name"]: row for row in json.loads(planbank("certs", "list", "--json", **home).stdout)}
    assert {name: row["state"] for name, row in rows.items()} == {
        "ca": "good",
        "gate": "soon",
        "clients/AAL_TPS": "good",
    }
    assert rows["clients/AAL_TPS"]["fingerprint"] not in made.stdout
    assert "PRIVATE KEY" not in made.stdout


def test_certificates_that_ended_end_the_list_with_a_fault(tmp_path: Path) -> None:
    settings = load(home=tmp_path / "bank")
    certs.make_authority(settings.tls_dir, "Nordby")
    certs.make_server(settings.tls_dir, ["localhost"])
    (settings.tls_dir / "gate.crt").write_text("spoilt")
    done = planbank("certs", "list", PLANBANK_HOME=str(tmp_path / "bank"))
    assert done.returncode == 1
    assert "gate" in last_line(done)
