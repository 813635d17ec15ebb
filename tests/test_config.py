"""Settings: the environment over the file, the file over the defaults; a wrong value is named."""

from __future__ import annotations

import os
from dataclasses import fields
from pathlib import Path

import pytest
from pydantic import ValidationError

from planbank.config import GateLimits, Settings, default_home, environment, load
from planbank.errors import SettingsError
from planbank.gate.limits import Limits


@pytest.fixture(autouse=True)
def nothing_set(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in os.environ:
        if name.startswith("PLANBANK_"):
            monkeypatch.delenv(name)
    monkeypatch.setenv("PLANBANK_HOME", str(tmp_path))


def write(tmp_path: Path, text: str, name: str = "planbank.toml") -> Path:
    file = tmp_path / name
    file.write_text(text)
    return file


def test_the_defaults(tmp_path: Path) -> None:
    settings = load()
    assert (settings.web_port, settings.dicom_port, settings.ae_title) == (8080, 11112, "PLANBANK")
    assert settings.home == tmp_path
    assert settings.site_url == "http://127.0.0.1:8080"
    assert settings.unknown_senders == "quarantine"


def test_the_file_over_the_defaults(tmp_path: Path) -> None:
    write(tmp_path, 'web_port = 9090\nae_title = "OUH_BANK"\n')
    settings = load()
    assert (settings.web_port, settings.ae_title) == (9090, "OUH_BANK")


def test_the_environment_over_the_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(tmp_path, 'web_port = 9090\nae_title = "OUH_BANK"\n')
    monkeypatch.setenv("PLANBANK_WEB_PORT", "9191")
    settings = load()
    assert (settings.web_port, settings.ae_title) == (9191, "OUH_BANK")


def test_the_command_line_over_all(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(tmp_path, "web_port = 9090\n")
    monkeypatch.setenv("PLANBANK_WEB_PORT", "9191")
    assert load(web_port=9292).web_port == 9292
    assert load(web_port=None).web_port == 9191


def test_a_file_of_another_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = write(tmp_path, "web_port = 9090\n", "other.toml")
    assert load().web_port == 8080
    monkeypatch.setenv("PLANBANK_CONFIG", str(file))
    assert load().web_port == 9090


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("web_port", "70000"),
        ("web_port", "eighty"),
        ("dicom_port", "-1"),
        ("ae_title", ""),
        ("ae_title", "A" * 17),
        ("unknown_senders", "accept"),
        ("log_level", "LOUD"),
        ("language", "de"),
        ("workers", "-2"),
        ("dicom_tls", "yes"),
        ("gate_processes", "65"),
        ("gate_limits", '{"idle_seconds": 0}'),
        ("gate_limits", '{"idle": 5}'),
        ("gate_limits", "5"),
        ("gate_limits", "{"),
        ("storage_classes", '["CT"]'),
        ("vendor_storage", "some"),
    ],
)
def test_a_wrong_value_is_named(monkeypatch: pytest.MonkeyPatch, name: str, value: str) -> None:
    monkeypatch.setenv(f"PLANBANK_{name.upper()}", value)
    with pytest.raises(SettingsError, match=name):
        load()


def test_a_wrong_value_in_the_file_is_named(tmp_path: Path) -> None:
    write(tmp_path, "web_port = 70000\n")
    with pytest.raises(SettingsError, match="web_port"):
        load()


def test_a_setting_there_is_not_is_named(tmp_path: Path) -> None:
    write(tmp_path, 'colour = "red"\n')
    with pytest.raises(SettingsError, match="colour"):
        load()


def test_a_file_that_is_no_toml_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(tmp_path, "web_port 8080\n")
    with pytest.raises(SettingsError, match=r"planbank\.toml"):
        load()
    monkeypatch.setenv("PLANBANK_CONFIG", str(tmp_path / "none.toml"))
    with pytest.raises(SettingsError, match=r"none\.toml"):
        load()


def test_settings_do_not_change(tmp_path: Path) -> None:
    settings = load()
    with pytest.raises(ValidationError):
        settings.web_port = 1  # type: ignore[misc]


def test_a_relative_home_is_made_absolute(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert load(home=Path("bank")).home == tmp_path / "bank"


def test_a_child_reads_the_same_settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What `up` gives its children, whatever else the environment and the file say."""
    write(tmp_path, 'web_port = 9090\nlanguage = "da"\n')
    settings = load(ae_title="OUH_BANK", clock_file=tmp_path / "offset")
    for name, value in environment(settings).items():
        monkeypatch.setenv(name, value)
    assert load() == settings


def test_the_stated_default_of_the_home(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    if os.geteuid() == 0:
        assert default_home() == Path("/var/lib/planbank")
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    monkeypatch.delenv("XDG_DATA_HOME", raising=False)
    monkeypatch.setenv("HOME", str(tmp_path))
    assert default_home() == tmp_path / ".local/share/planbank"
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    assert default_home() == tmp_path / "data/planbank"


def test_every_setting_says_what_it_is() -> None:
    assert all(field.description for field in Settings.model_fields.values())


def test_limits_of_the_gate_by_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """In the file a table, in the environment JSON."""
    write(tmp_path, 'storage_classes = ["1.2.3"]\n[gate_limits]\nidle_seconds = 30\n')
    settings = load()
    assert settings.gate_limits.model_dump(exclude_none=True) == {"idle_seconds": 30}
    assert settings.storage_classes == ("1.2.3",)
    monkeypatch.setenv("PLANBANK_GATE_LIMITS", '{"connections": 9}')
    assert load().gate_limits.model_dump(exclude_none=True) == {"connections": 9}


def test_the_names_of_the_limits_are_the_gates() -> None:
    """One list: what can be set is what the gate has (receive.md, rule 6)."""
    assert set(GateLimits.model_fields) == {field.name for field in fields(Limits)}


def test_a_child_reads_lists_and_limits_from_its_environment(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    given = load(storage_classes=["1.2.3", "1.2.4"], gate_limits={"max_pdu": 65536}, dicom_tls="beside")
    for name, value in environment(given).items():
        monkeypatch.setenv(name, value)
    assert load() == given


def test_certificates_lie_in_the_key_folder_unless_named(tmp_path: Path) -> None:
    folder = tmp_path / "keys" / "tls"
    assert load().tls_files == (folder / "gate.crt", folder / "gate.key", folder / "ca.crt")
    named = load(dicom_tls_certificate=tmp_path / "own.crt").tls_files
    assert named == (tmp_path / "own.crt", folder / "gate.key", folder / "ca.crt")
