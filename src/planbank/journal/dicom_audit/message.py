"""One journal entry as a DICOM audit message in XML (PS3.15 A.5.1).

Comes in: an entry, who reports it, how people are named. Goes out: the bytes of one AuditMessage. A journal
entry holds no name and no number of a patient; what people typed (purposes, reasons) stays here.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
from dataclasses import dataclass
from datetime import UTC
from xml.etree.ElementTree import Element, SubElement, tostring

from planbank.journal.dicom_audit.events import Code, event_of
from planbank.journal.models import Entry

OWN = "99PLANBANK"
# Kinds of object behind which a patient stands, by the bank's own number (RFC 3881 code 2).
PATIENTS = frozenset({"patient file", "enrolment"})
_OUTCOMES = {"done": "0", "refused": "4", "failed": "8"}
# What XML 1.0 cannot hold: names come from outside.
_NOT_XML = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


@dataclass(frozen=True)
class Source:
    """Who reports, and whether accounts are named: with a `secret` they are keyed hashes instead."""

    name: str
    site: str = ""
    secret: bytes = b""

    def user(self, kind: str, name: str) -> str:
        """What stands for an actor; services, senders and commands are no persons and keep their names."""
        if kind != "user" or not self.secret:
            return _clean(name)
        return "user-" + hmac.digest(self.secret, name.encode(), hashlib.sha256).hex()[:16]


def message(entry: Entry, source: Source) -> bytes:
    """The AuditMessage of one entry, UTF-8, without XML declaration."""
    root = Element("AuditMessage")
    _event(root, entry)
    _participants(root, entry, source)
    about = {"AuditSourceID": _clean(source.name)}
    if source.site:
        about["AuditEnterpriseSiteID"] = _clean(source.site)
    SubElement(SubElement(root, "AuditSourceIdentification", about), "AuditSourceTypeCode", {"csd-code": "4"})
    _object(root, entry)
    return tostring(root, encoding="utf-8")


def _event(root: Element, entry: Entry) -> None:
    event = event_of(entry.action, entry.object_kind)
    at = entry.at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    outcome = _OUTCOMES.get(entry.outcome, "4")
    values = {"EventActionCode": event.action, "EventDateTime": at, "EventOutcomeIndicator": outcome}
    here = SubElement(root, "EventIdentification", values)
    _code(here, "EventID", event.code)
    if event.kind:
        _code(here, "EventTypeCode", event.kind)
    _code(here, "EventTypeCode", (_clean(entry.action), _clean(entry.action)), OWN)


def _participants(root: Element, entry: Entry, source: Source) -> None:
    """Who acted, and the application: both stand in every message of A.5.3."""
    who = {"UserID": source.user(entry.actor_kind, entry.actor), "UserIsRequestor": "true"}
    actor = SubElement(root, "ActiveParticipant", who)
    if entry.actor_kind == "sender":
        _code(actor, "RoleIDCode", ("110153", "Source Role ID"))
    else:
        _code(actor, "RoleIDCode", (_clean(entry.actor_kind), _clean(entry.actor_kind)), OWN)
    here = {"UserID": _clean(source.name), "UserIsRequestor": "false"}
    application = SubElement(root, "ActiveParticipant", here)
    role = ("110152", "Destination Role ID") if entry.actor_kind == "sender" else ("110150", "Application")
    _code(application, "RoleIDCode", role)


def _object(root: Element, entry: Entry) -> None:
    """What it was done to, by the bank's number; with the place in the chain."""
    is_patient = entry.object_kind in PATIENTS
    values = {
        "ParticipantObjectID": _clean(entry.object_id) or "-",
        "ParticipantObjectTypeCode": "1" if is_patient else "2",
    }
    if is_patient:
        values["ParticipantObjectTypeCodeRole"] = "1"
    here = SubElement(root, "ParticipantObjectIdentification", values)
    kind = _clean(entry.object_kind) or "bank"
    if is_patient:
        _code(here, "ParticipantObjectIDTypeCode", ("2", "Patient Number"), "RFC-3881")
    else:
        _code(here, "ParticipantObjectIDTypeCode", (kind, kind), OWN)
    SubElement(here, "ParticipantObjectName").text = kind
    details = {
        "institution": entry.institution,
        "protocol": entry.protocol,
        "seal number": str(entry.seal_number or ""),
        "seal": entry.seal,
    }
    for name, value in details.items():
        if value:
            pair = {"type": name, "value": base64.b64encode(value.encode()).decode()}
            SubElement(here, "ParticipantObjectDetail", pair)


def _code(parent: Element, name: str, code: Code, system: str = "DCM") -> None:
    value, meaning = code
    SubElement(parent, name, {"csd-code": value, "codeSystemName": system, "originalText": meaning})


def _clean(text: str) -> str:
    return " ".join(_NOT_XML.sub("?", text).split())
