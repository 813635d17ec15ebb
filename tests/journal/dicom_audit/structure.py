"""The structure of a DICOM audit message, as a checker (PS3.15 A.5.1).

Comes in: a message in XML. Goes out: what the Standard does not allow in it, in words. Elements stand in the
order given; '*' any number, '?' none or one, '+' one or more, '' exactly one.
"""

from __future__ import annotations

import base64
import binascii
import re
from datetime import datetime
from xml.etree.ElementTree import Element, fromstring

ANY = re.compile(r"(?s).*")
CODED = {
    **dict.fromkeys(("csd-code", "codeSystemName", "originalText"), (True, ANY)),
    "displayName": (False, ANY),
}
CHILDREN: dict[str, list[tuple[str, str]]] = {
    "AuditMessage": [
        ("EventIdentification", ""),
        ("ActiveParticipant", "+"),
        ("AuditSourceIdentification", ""),
        ("ParticipantObjectIdentification", "*"),
    ],
    "EventIdentification": [("EventID", ""), ("EventTypeCode", "*"), ("EventOutcomeDescription", "?")],
    "ActiveParticipant": [("RoleIDCode", "*"), ("MediaIdentifier", "?")],
    "AuditSourceIdentification": [("AuditSourceTypeCode", "*")],
    "ParticipantObjectIdentification": [
        ("ParticipantObjectIDTypeCode", ""),
        ("ParticipantObjectName", ""),
        ("ParticipantObjectDetail", "*"),
        ("ParticipantObjectDescription", "*"),
    ],
}


def one_of(*values: object) -> re.Pattern[str]:
    return re.compile("|".join(map(str, values)))


def numbers(last: int) -> re.Pattern[str]:
    return one_of(*range(1, last + 1))


# name: {attribute: (must be there, what it may be)}
ATTRIBUTES: dict[str, dict[str, tuple[bool, re.Pattern[str]]]] = {
    "AuditMessage": {},
    "EventIdentification": {
        "EventActionCode": (False, one_of("C", "R", "U", "D", "E")),
        "EventDateTime": (True, ANY),
        "EventOutcomeIndicator": (True, one_of(0, 4, 8, 12)),
    },
    "EventID": CODED,
    "EventTypeCode": CODED,
    "RoleIDCode": CODED,
    "ParticipantObjectIDTypeCode": CODED,
    "ActiveParticipant": {
        "UserID": (True, re.compile(r".+")),
        "AlternativeUserID": (False, ANY),
        "UserName": (False, ANY),
        "UserIsRequestor": (True, one_of("true", "false", 1, 0)),
        "NetworkAccessPointID": (False, ANY),
        "NetworkAccessPointTypeCode": (False, numbers(5)),
    },
    "AuditSourceIdentification": {
        "AuditEnterpriseSiteID": (False, ANY),
        "AuditSourceID": (True, re.compile(".+")),
    },
    "AuditSourceTypeCode": {"csd-code": (True, numbers(9))},
    "ParticipantObjectIdentification": {
        "ParticipantObjectID": (True, re.compile(".+")),
        "ParticipantObjectTypeCode": (False, numbers(4)),
        "ParticipantObjectTypeCodeRole": (False, numbers(26)),
        "ParticipantObjectDataLifeCycle": (False, numbers(15)),
        "ParticipantObjectSensitivity": (False, ANY),
    },
    "ParticipantObjectName": {},
    "ParticipantObjectDetail": {"type": (True, ANY), "value": (True, ANY)},
}


def faults(xml: bytes) -> list[str]:
    """What is wrong; an empty list for a message that the Standard allows."""
    root = fromstring(xml)
    return ["the root is not AuditMessage"] if root.tag != "AuditMessage" else [*_element(root)]


def _element(element: Element) -> list[str]:
    name = element.tag
    if name not in ATTRIBUTES:
        return [f"{name}: no such element"]
    found = _attributes(element, ATTRIBUTES[name])
    tags = "".join(f"<{child.tag}>" for child in element)
    shape = "".join(f"(<{child}>){many or '{1}'}" for child, many in CHILDREN.get(name, []))
    if not re.fullmatch(shape, tags):
        found.append(f"{name}: holds {tags or 'nothing'}")
    for child in element:
        found += _element(child)
    return found


def _attributes(element: Element, allowed: dict[str, tuple[bool, re.Pattern[str]]]) -> list[str]:
    name = element.tag
    found = [
        f"{name}: {a} is missing" for a, (must, _v) in allowed.items() if must and a not in element.attrib
    ]
    for attribute, value in element.attrib.items():
        if attribute not in allowed:
            found.append(f"{name}: no attribute {attribute}")
        elif not allowed[attribute][1].fullmatch(value):
            found.append(f"{name}: {attribute} is {value!r}")
    try:
        if name == "EventIdentification":
            assert datetime.fromisoformat(element.attrib["EventDateTime"]).tzinfo is not None
        if name == "ParticipantObjectDetail":
            base64.b64decode(element.attrib["value"], validate=True)
    except (AssertionError, ValueError, KeyError, binascii.Error):
        found.append(f"{name}: a value is not of its type")
    return found
