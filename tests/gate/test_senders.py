"""Who may send: what the control file says, and what happens when it changes or is spoilt."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from planbank.errors import SettingsError
from planbank.gate.limits import Limits
from planbank.gate.senders import Senders, parse

if TYPE_CHECKING:
    from tests.gate.conftest import Transit

LIST = [
    {"ae_title": "TPS", "networks": ["10.1.0.0/16", "2001:db8::/32"]},
    {"ae_title": "TPS", "networks": ["192.0.2.7"]},
    {"ae_title": "PACS ", "networks": []},
]


@pytest.mark.parametrize(
    ("ae_title", "address", "known"),
    [
        ("TPS", "10.1.2.3", True),
        ("TPS", "192.0.2.7", True),
        ("TPS", "2001:db8::5", True),
        ("TPS", "10.2.0.1", False),  # a known title from a wrong address is unknown
        ("tps", "10.1.2.3", False),
        ("PACS", "10.1.2.3", False),
        ("OTHER", "10.1.2.3", False),
    ],
)
def test_title_and_address_together_make_a_sender(ae_title: str, address: str, known: bool) -> None:
    assert parse({"version": 1, "senders": LIST}, Limits()).knows(ae_title, address) is known


@pytest.mark.parametrize(
    ("address", "certificate", "known"),
    [
        ("10.1.2.3", "ab" * 32, True),
        ("10.1.2.3", "cd" * 32, True),
        ("10.1.2.3", "ef" * 32, False),
        ("10.1.2.3", "", False),
        ("10.9.9.9", "ab" * 32, False),
        ("192.0.2.7", "", True),  # another sender of this title, without TLS
        ("192.0.2.7", "ef" * 32, True),
    ],
)
def test_a_certificate_binds_the_title(address: str, certificate: str, known: bool) -> None:
    openssl = ":".join(["CD"] * 32)
    bound = {"ae_title": "TPS", "networks": ["10.1.0.0/16"], "certificates": ["ab" * 32, openssl]}
    admission = parse({"version": 1, "senders": [bound, LIST[1]]}, Limits())
    assert admission.knows("TPS", address, certificate) is known


def test_only_the_version_is_needed() -> None:
    admission = parse({"version": 1}, Limits())
    assert (admission.unknown, admission.called, admission.limits) == ("quarantine", frozenset(), Limits())
    assert admission.vendor_storage


def test_every_choice_is_taken_over() -> None:
    admission = parse(
        {
            "version": 1,
            "unknown": "refuse",
            "called": ["SECOND"],
            "limits": {"idle_seconds": 5},
            "vendor_storage": "refuse",
            "storage_classes": ["1.2.3"],
        },
        Limits(connections=7),
    )
    assert (admission.unknown, admission.called) == ("refuse", {"SECOND"})
    assert admission.limits == Limits(connections=7, idle_seconds=5)
    assert (admission.vendor_storage, admission.storage_classes) == (False, {"1.2.3"})


BAD: list[dict[str, Any]] = [
    {},
    {"version": 2},
    {"version": 1, "unknown": "accept"},
    {"version": 1, "called": "SECOND"},
    {"version": 1, "senders": {}},
    {"version": 1, "senders": [{"ae_title": "TPS"}]},
    {"version": 1, "senders": [{"ae_title": "TPS", "networks": ["10.1.0.0/99"]}]},
    {"version": 1, "senders": ["TPS"]},
    {"version": 1, "senders": [{"ae_title": "TPS", "networks": [], "certificates": "ab"}]},
    {"version": 1, "senders": [{"ae_title": "TPS", "networks": [], "certificates": ["ab"]}]},
    {"version": 1, "limits": [5]},
    {"version": 1, "limits": {"connections": 0}},
]


@pytest.mark.parametrize("content", BAD)
def test_a_list_that_cannot_be_used_is_refused(content: dict[str, Any]) -> None:
    with pytest.raises(SettingsError):
        parse(content, Limits())


def test_without_a_file_nobody_is_known_and_all_go_to_quarantine(transit: Transit) -> None:
    admission = Senders(transit.tray, Limits()).current()
    assert not admission.knows("DEMO_TPS", "127.0.0.1")
    assert admission.unknown == "quarantine"


def test_a_new_list_counts_at_once(transit: Transit) -> None:
    senders = Senders(transit.tray, Limits())
    transit.admit("FIRST")
    assert senders.current().knows("FIRST", "127.0.0.1")
    transit.admit("SECOND")
    assert not senders.current().knows("FIRST", "127.0.0.1")
    assert senders.current().knows("SECOND", "127.0.0.1")


@pytest.mark.parametrize("spoilt", ["{", "[]", '{"version": 9}'])
def test_a_spoilt_list_changes_nothing(
    transit: Transit, spoilt: str, caplog: pytest.LogCaptureFixture
) -> None:
    senders = Senders(transit.tray, Limits())
    transit.admit("FIRST")
    assert senders.current().knows("FIRST", "127.0.0.1")
    (transit.path / "control" / "senders.json").write_text(spoilt)
    assert senders.current().knows("FIRST", "127.0.0.1")
    assert "the last good one stays" in caplog.text
    transit.admit("SECOND")
    assert senders.current().knows("SECOND", "127.0.0.1")
