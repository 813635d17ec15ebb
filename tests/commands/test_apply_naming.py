"""`planbank apply`: structure types and rules from a file, twice the same (R56, R68)."""

from __future__ import annotations

import pytest

from planbank.commands.apply import apply
from planbank.errors import SettingsError
from planbank.house import House
from planbank.naming.models import DictionaryRule
from planbank.protocols.models import Protocol, StructureType

TYPE = {"protocol": "HN", "name": "Cord", "need": "required"}
RULE = {"protocol": "HN", "entry": "Medulla*", "type": "cord"}


@pytest.fixture
def protocol(bank: House) -> Protocol:
    return Protocol.objects.create(short_name="HN", title="HN", created_at=bank.clock.now())


def test_types_and_rules_are_made_once(bank: House, protocol: Protocol) -> None:
    content = {"structure_type": [TYPE], "dictionary_rule": [RULE]}
    assert len(apply(bank, content).changes) == 2
    assert apply(bank, content).changes == []
    assert StructureType.objects.get().need == "required"
    assert DictionaryRule.objects.get().entry == "Medulla*"


def test_a_type_is_changed(bank: House, protocol: Protocol) -> None:
    apply(bank, {"structure_type": [TYPE]})
    apply(bank, {"structure_type": [{**TYPE, "need": "optional"}]})
    assert StructureType.objects.get().need == "optional"


@pytest.mark.parametrize(
    "content",
    [
        {"structure_type": [{**TYPE, "protocol": "NO"}]},
        {"structure_type": [{**TYPE, "need": "perhaps"}]},
        {"structure_type": [TYPE], "dictionary_rule": [{**RULE, "type": "Liver"}]},
        {"structure_type": [TYPE], "dictionary_rule": [{**RULE, "entry": "  "}]},
        {"structure_type": [TYPE], "dictionary_rule": [{**RULE, "institution": "XXX"}]},
    ],
)
def test_what_cannot_be_is_told_and_nothing_is_changed(
    bank: House, protocol: Protocol, content: dict[str, list[dict[str, str]]]
) -> None:
    with pytest.raises(SettingsError, match="number 1"):
        apply(bank, content)
    assert not StructureType.objects.exists()
