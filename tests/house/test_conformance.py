"""The DICOM conformance statement says what the code does (PS3.2): its tables are held to it, row by row."""

from __future__ import annotations

import re
from dataclasses import fields
from pathlib import Path

import pytest
from pydicom._uid_dict import UID_dictionary

from planbank.archive import part10
from planbank.forwarding.line import MAX_PDU
from planbank.gate import commitment, negotiation, reporter, uids
from planbank.gate.dimse import Status
from planbank.gate.limits import Limits
from planbank.services.commit.judge import Reason

ROOT = Path(__file__).resolve().parents[2]
PAGE = ROOT / "docs" / "reference" / "conformance.md"
# PS3.6 Annex A of editions after the dictionary's.
NEWER = {
    "1.2.840.10008.1.2.4.110": "JPEG XL Lossless",
    "1.2.840.10008.1.2.4.111": "JPEG XL JPEG Recompression",
    "1.2.840.10008.1.2.4.112": "JPEG XL",
    "1.2.840.10008.1.2.8.1": "Deflated Image Frame Compression",
}
# Statuses that only one service gives; the others are common to all.
OF_STORE = {"OUT_OF_RESOURCES", "DATA_SET_MISMATCH", "CANNOT_UNDERSTAND", "SOP_CLASS_NOT_SUPPORTED"}
SAID = (
    *("max_pdu", "connections", "connections_per_address"),
    *("associate_seconds", "idle_seconds", "report_seconds"),
)
OF_ACTION = {
    *("PROCESSING_FAILURE", "NO_SUCH_INSTANCE", "INVALID_ARGUMENT", "NO_SUCH_SOP_CLASS"),
    *("NO_SUCH_ACTION", "RESOURCE_LIMITATION"),
}


def section(title: str) -> str:
    """The text under a heading, up to the next one."""
    text = PAGE.read_text()
    found = re.search(rf"^#+ {re.escape(title)}\n(.*?)(?=^#|\Z)", text, re.MULTILINE | re.DOTALL)
    assert found, f"the section '{title}' is there"
    return found[1]


def rows(title: str) -> list[tuple[str, ...]]:
    """The rows of the tables under a heading, without heads."""
    found: list[tuple[str, ...]] = []
    lines = section(title).splitlines()
    for before, line in zip(["", *lines], lines, strict=False):
        if not line.startswith("| ") or set(line) <= set("| -"):
            continue
        if not before.startswith("|"):
            continue  # the head
        found.append(tuple(cell.strip().strip("`") for cell in line.strip("|").split("|")))
    return found


def name_of(uid: str) -> str:
    """What PS3.6 calls it, without the word that all of a table share."""
    name, _kind, _info, retired, *_ = UID_dictionary.get(uid, (NEWER.get(uid, ""), "", "", "", ""))
    plain = re.sub(r" SOP Class$| \(Retired\)$", "", name) or "without a name"
    plain = plain.split(":")[0].strip()
    return f"{plain} (retired)" if retired else plain


def storage_classes() -> list[tuple[str, str]]:
    """(name, UID) of every standard storage class that the gate takes."""
    return [(name_of(uid), uid) for uid in UID_dictionary if uids.is_standard_storage(uid)]


def transfer_syntaxes() -> list[tuple[str, str]]:
    key = [[int(part) for part in uid.split(".")] for uid in uids.TRANSFER_SYNTAXES]
    return [(name_of(uid), uid) for uid in (".".join(map(str, parts)) for parts in sorted(key))]


def test_every_standard_storage_class_is_listed() -> None:
    """207 of the dictionary's edition; one of an edition to come is taken without a line here."""
    assert rows("Storage SOP classes") == storage_classes()
    assert len(storage_classes()) > 200


def test_every_transfer_syntax_is_listed() -> None:
    assert rows("Transfer syntaxes") == transfer_syntaxes()
    assert {uid for _name, uid in rows("Transfer syntaxes of storage commitment")} == uids.PLAIN_SYNTAXES


def test_the_roots_of_vendors_are_listed() -> None:
    assert tuple(root for _who, root in rows("Private storage classes")) == uids._VENDOR_ROOTS


@pytest.mark.parametrize(
    ("title", "names"), [("Statuses of C-STORE", OF_STORE), ("Statuses of N-ACTION", OF_ACTION)]
)
def test_every_status_is_listed(title: str, names: set[str]) -> None:
    told = {code for code, *_ in rows(title)}
    assert told == {"0000", "0211"} | {f"{Status[name]:04X}" for name in names}


def test_no_status_is_left_out() -> None:
    assert OF_STORE | OF_ACTION | {"SUCCESS", "UNRECOGNISED_OPERATION"} == set(Status.__members__)


def test_every_failure_reason_is_listed() -> None:
    assert {code for code, *_ in rows("Failure reasons")} == {f"{reason:04X}" for reason in Reason}


def test_every_rejection_is_listed() -> None:
    """Result, source and reason of A-ASSOCIATE-RJ, as negotiation and the crowded server give them."""
    sources = {"_BY_USER": negotiation._BY_USER, "_BY_ACSE": negotiation._BY_ACSE}
    code = (ROOT / "src/planbank/gate/negotiation.py").read_text()
    given = {f"1/{sources[who]}/{reason}" for who, reason in re.findall(r"_reject\((_BY_\w+), (\d)", code)}
    server = (ROOT / "src/planbank/gate/server.py").read_text()
    crowded = re.search(r"AssociateReject\(result=(\d), source=(\d), reason=(\d)\)", server)
    assert crowded
    assert {told for told, *_ in rows("Association rejections")} == given | {"/".join(crowded.groups())}


def test_every_answer_to_a_context_is_listed() -> None:
    told = {int(result) for result, *_ in rows("Presentation context results")}
    assert told == {
        *(negotiation._ACCEPTED, negotiation._NOT_FOR_YOU),
        *(negotiation._NO_ABSTRACT_SYNTAX, negotiation._NO_TRANSFER_SYNTAX),
    }


def test_names_numbers_and_times_are_the_codes() -> None:
    text = PAGE.read_text()
    limits = {field.name: field.default for field in fields(Limits)}
    for said in (
        *(negotiation.IMPLEMENTATION_CLASS_UID, negotiation.IMPLEMENTATION_VERSION),
        *(part10.IMPLEMENTATION_CLASS_UID, part10.IMPLEMENTATION_VERSION_NAME),
        *(uids.VERIFICATION, uids.STORAGE_COMMITMENT, uids.STORAGE_COMMITMENT_INSTANCE),
        *(f"{limits[name]:g}" if isinstance(limits[name], float) else str(limits[name]) for name in SAID),
    ):
        assert said in text, said
    assert limits["max_pdu"] == MAX_PDU, "one number stands for both"
    assert f"at least {reporter.LEAST_ATTEMPTS} attempts" in text
    assert commitment._ASK_FOR_COMMITMENT == 1


SAID = (
    "max_pdu",
    "connections",
    "connections_per_address",
    "associate_seconds",
    "idle_seconds",
    "report_seconds",
)


def test_it_has_the_parts_that_the_standard_asks_for() -> None:
    """PS3.2 Annex A."""
    text = PAGE.read_text()
    for title in (
        *("Overview", "Introduction", "Networking", "Implementation model", "Application data flow"),
        *("Functional definition of AEs", "Sequencing of real-world activities", "AE specifications"),
        *("Network interfaces", "Configuration", "Media interchange", "Support of character sets"),
        *("Security", "Annexes"),
    ):
        assert re.search(rf"^#+ {re.escape(title)}$", text, re.MULTILINE), title
