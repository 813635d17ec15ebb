"""`planbank apply`: as a whole or not at all, idempotent, never a password (model.md, Keys)."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

import pytest

from planbank.commands import certs
from planbank.commands.apply import apply, apply_file
from planbank.errors import SettingsError
from planbank.house import House
from planbank.journal.models import Entry
from planbank.people.models import Affiliation, Institution, Region, Sender, SenderInstitution, User
from planbank.people.queries import SenderBook
from tests.web.signing_in import sign_in, with_password

SITE = """
[[region]]
name = "Syddanmark"

[[institution]]
code = "OUH"
name = "Odense University Hospital"
region = "Syddanmark"
identity_scheme = "CPR"

[[institution]]
code = "AUH"
name = "Aarhus University Hospital"

[[sender]]
ae_title = "ARIA"
network = "10.62.9.0/24"
institution = "OUH"
description = "Planning system"

[[sender]]
ae_title = "SHARED"
network = "10.62.10.4"
institutions = [
    {called_ae = "PLANBANK_OUH", institution = "OUH"},
    {called_ae = "PLANBANK_AUH", institution = "AUH"},
]

[[user]]
username = "mette"
name = "Mette Holm"
institutions = ["OUH"]
administers = ["AUH"]

[[user]]
username = "admin"
name = "Ada Admin"
is_site_admin = true
"""


def site(**tables: Any) -> dict[str, Any]:
    return tomllib.loads(SITE) | tables


def rows() -> tuple[int, ...]:
    return tuple(
        model.objects.count()
        for model in (Region, Institution, Sender, SenderInstitution, User, Affiliation, Entry)
    )


def test_everything_of_a_file_is_there(bank: House) -> None:
    applied = apply(bank, site())
    assert Institution.objects.get(code="OUH").region == Region.objects.get(name="Syddanmark")
    assert SenderBook().decide("ARIA", "PLANBANK", "10.62.9.77").institution.code == "OUH"
    for code in ("OUH", "AUH"):
        decided = SenderBook().decide("SHARED", f"PLANBANK_{code}", "10.62.10.4")
        assert decided.institution.code == code
    grants = Affiliation.objects.filter(user__username="mette")
    assert sorted(grants.values_list("institution__code", "is_admin")) == [("AUH", True), ("OUH", False)]
    assert all(grant.since == bank.clock.now() for grant in grants)
    assert User.objects.get(username="admin").is_site_admin
    assert {user.username for user in applied.new_users} == {"mette", "admin"}


def test_again_it_changes_nothing(bank: House) -> None:
    apply(bank, site())
    before = rows()
    again = apply(bank, site())
    assert (again.changes, again.new_users) == ([], [])
    assert rows() == before, "not even the journal grows"


def test_each_change_is_said_and_the_whole_is_journalled(bank: House) -> None:
    applied = apply(bank, site())
    for line in ("region Syddanmark: added", "institution OUH: added", "user mette: works for OUH"):
        assert line in applied.changes
    entry = Entry.objects.get()
    assert (entry.actor_kind, entry.action) == ("command", "apply settings")
    assert entry.detail == {"changes": len(applied.changes)}
    changed = apply(bank, site(institution=[{"code": "OUH", "name": "Odense"}]))
    assert changed.changes == ["institution OUH: changed name"]


def test_what_the_file_does_not_name_stays(bank: House) -> None:
    apply(bank, site())
    apply(bank, {"institution": [{"code": "OUH", "name": "Odense"}]})
    assert Institution.objects.get(code="OUH").identity_scheme == "CPR"
    assert Institution.objects.filter(code="AUH").exists()
    assert Affiliation.objects.count() == 2


def test_a_sender_can_be_moved_and_switched_off(bank: House) -> None:
    apply(bank, site())
    apply(bank, {"sender": [{"ae_title": "ARIA", "network": "10.62.9.0/24", "institution": "AUH"}]})
    assert SenderBook().decide("ARIA", "PLANBANK", "10.62.9.77").institution.code == "AUH"
    apply(bank, {"sender": [{"ae_title": "ARIA", "network": "10.62.9.0/24", "is_active": False}]})
    assert SenderBook().decide("ARIA", "PLANBANK", "10.62.9.77").reason == "unknown-sender"


@pytest.mark.parametrize("network", ["10.62.9.7/24", "10.62.9.0/255.255.255.0"])
def test_one_network_has_one_spelling(bank: House, network: str) -> None:
    apply(bank, site())
    assert apply(bank, {"sender": [{"ae_title": "ARIA", "network": network}]}).changes == []


def test_an_ended_grant_is_given_anew_and_the_old_one_kept(bank: House) -> None:
    apply(bank, site())
    Affiliation.objects.update(until=bank.clock.now())
    apply(bank, site())
    assert Affiliation.objects.filter(until=None).count() == 2
    assert Affiliation.objects.count() == 4


def test_no_account_comes_with_a_password(bank: House) -> None:
    apply(bank, site())
    assert not any(user.has_usable_password() for user in User.objects.all())


def test_a_password_set_since_is_not_touched(bank: House) -> None:
    apply(bank, site())
    user = User.objects.get(username="mette")
    user.set_password("correct horse battery")
    user.save()
    applied = apply(bank, site(user=[{"username": "mette", "name": "Mette Holm-Bro"}]))
    assert applied.new_users == []
    assert User.objects.get(username="mette").check_password("correct horse battery")


WRONG = [
    ({"protocols": []}, ["protocols", "region, institution, sender, user"]),
    ({"institution": {"code": "X"}}, ["[[institution]]", "two brackets"]),
    ({"institution": [{"code": "NEW", "name": "N"}, {"code": "low", "name": "N"}]}, ["number 2", "code"]),
    ({"institution": [{"name": "N"}]}, ["[[institution]] number 1", "'code' is missing"]),
    ({"institution": [{"code": "NEW", "name": "N", "colour": "red"}]}, ["no field 'colour'"]),
    ({"institution": [{"code": "NEW", "name": "N", "region": "Mars"}]}, ["no region 'Mars'"]),
    ({"institution": [{"code": "NEW", "name": "N", "identity_scheme": "SSN"}]}, ["identity_scheme"]),
    ({"sender": [{"ae_title": "A", "network": "10.0.0.0/33", "institution": "OUH"}]}, ["network"]),
    ({"sender": [{"ae_title": "A", "network": "everywhere", "institution": "OUH"}]}, ["network"]),
    ({"sender": [{"ae_title": "A" * 17, "network": "10.0.0.1", "institution": "OUH"}]}, ["ae_title"]),
    ({"sender": [{"ae_title": "A\\B", "network": "10.0.0.1", "institution": "OUH"}]}, ["ae_title"]),
    ({"sender": [{"ae_title": "A", "network": "10.0.0.1"}]}, ["needs an institution"]),
    ({"sender": [{"ae_title": "A", "network": "10.0.0.1", "institution": "OSL"}]}, ["no institution 'OSL'"]),
    ({"sender": [{"ae_title": "A", "network": "10.0.0.1", "institutions": ["OUH"]}]}, ["institutions"]),
    ({"sender": [{"ae_title": "ARIA", "network": "10.62.9.0/24", "echo_port": "x"}]}, ["echo_port"]),
    ({"user": [{"username": "Mette Holm", "name": "Mette"}]}, ["username"]),
    ({"user": [{"username": "new", "name": "N", "institutions": "OUH"}]}, ["institutions"]),
    ({"user": [{"username": "new", "name": "N", "institutions": ["OSL"]}]}, ["no institution 'OSL'"]),
    ({"user": [{"username": "new", "name": "N", "is_site_admin": "perhaps"}]}, ["is_site_admin"]),
    ({"user": [{"username": "new", "name": "N", "password": "secret"}]}, ["passwords are never taken"]),
]  # fmt: skip


@pytest.mark.parametrize(("tables", "words"), WRONG)
def test_a_mistake_is_named_and_nothing_of_the_file_is_applied(
    bank: House, tables: dict[str, Any], words: list[str]
) -> None:
    apply(bank, site())
    before = rows()
    content = {"region": [{"name": "Nordjylland"}], **tables}
    with pytest.raises(SettingsError) as raised:
        apply(bank, content)
    for word in words:
        assert word in str(raised.value)
    assert "secret" not in str(raised.value)
    assert rows() == before


def test_a_file_that_is_no_toml_is_named(bank: House, tmp_path: Path) -> None:
    file = tmp_path / "site.toml"
    with pytest.raises(SettingsError, match=r"site\.toml"):
        apply_file(bank, file)
    file.write_text("[[institution]\ncode = 1")
    with pytest.raises(SettingsError, match=r"site\.toml.*line 1"):
        apply_file(bank, file)
    file.write_bytes(b'[[institution]]\nname = "\xff"')
    with pytest.raises(SettingsError, match=r"site\.toml"):
        apply_file(bank, file)
    file.write_text(SITE)
    assert apply_file(bank, file).changes


def test_a_character_set_that_is_none_is_named(bank: House) -> None:
    rows = {"ae_title": "TPS", "network": "10.0.0.5", "institution": "OUH", "charset_fallback": "utf-8"}
    content = {"institution": [{"code": "OUH", "name": "Odense"}], "sender": [rows]}
    with pytest.raises(SettingsError, match=r"\[\[sender\]\] number 1.*ISO_IR 100"):
        apply(bank, content)


def test_a_sender_is_bound_to_certificates_from_the_file(bank: House, tmp_path: Path) -> None:
    """R10; receive.md, rule 8: PEM text or a fingerprint; running it again changes nothing."""
    certs.make_authority(tmp_path, "Nordby Hospital")
    pem = certs.make_client(tmp_path, "ARIA")
    content = site()
    content["sender"][0]["certificates"] = [pem.read_text(), ":".join(["AB"] * 32)]
    changes = apply(bank, content).changes
    assert sum("bound to certificate" in change for change in changes) == 2
    assert apply(bank, content).changes == []
    sender = Sender.objects.get(ae_title="ARIA")
    assert {c.fingerprint for c in sender.certificates.all()} == {certs.fingerprint(pem), "ab" * 32}


@pytest.mark.parametrize("given", ["ab" * 32, ["not one"], [5]])
def test_a_certificate_that_is_none_stops_the_file(bank: House, given: object) -> None:
    content = site()
    content["sender"][1]["certificates"] = given
    with pytest.raises(SettingsError, match=r"\[\[sender\]\] number 2"):
        apply(bank, content)
    assert not Sender.objects.exists()


def test_an_account_switched_off_loses_its_sessions(bank: House) -> None:
    apply(bank, site())
    mette = with_password(User.objects.get(username="mette"))
    browser, _ = sign_in(mette)
    row = {"username": "mette", "name": "Mette Holm", "institutions": ["OUH"], "administers": ["AUH"]}
    applied = apply(bank, site(user=[{**row, "is_active": False}]))
    assert "user mette: 1 sessions ended" in applied.changes
    apply(bank, site(user=[{**row, "is_active": True}]))
    assert browser.get("/account/").status_code == 302
