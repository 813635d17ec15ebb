"""Which audit event an act of the journal is (PS3.15 Annex A.5.3; CID 400, CID 401).

Comes in: the act of an entry. Goes out: event code, action code, and a type code where the Standard has one.
An act that is not named here is an Application Activity: nothing is left out.
"""

from __future__ import annotations

from dataclasses import dataclass

Code = tuple[str, str]


@dataclass(frozen=True)
class Event:
    """EventID, EventActionCode (C, R, U, D, E), EventTypeCode."""

    code: Code
    action: str
    kind: Code | None = None


_ACTIVITY: Code = ("110100", "Application Activity")
_LOG_USED: Code = ("110101", "Audit Log Used")
_ACCESSED: Code = ("110103", "DICOM Instances Accessed")
_TRANSFERRED: Code = ("110104", "DICOM Instances Transferred")
_DELETED: Code = ("110105", "DICOM Study Deleted")
_EXPORT: Code = ("110106", "Export")
_PATIENT: Code = ("110110", "Patient Record")
_QUERY: Code = ("110112", "Query")
_ALERT: Code = ("110113", "Security Alert")
_AUTHENTICATION: Code = ("110114", "User Authentication")
_LOGIN: Code = ("110122", "Login")
_LOGOUT: Code = ("110123", "Logout")
_ROLES: Code = ("110136", "Security Roles Changed")
_ATTRIBUTES: Code = ("110137", "User Security Attributes Changed")

EVENTS: dict[str, Event] = {
    "sign-in": Event(_AUTHENTICATION, "E", _LOGIN),
    "sign-out": Event(_AUTHENTICATION, "E", _LOGOUT),
    **dict.fromkeys(("view", "open viewer", "compare doses"), Event(_ACCESSED, "R")),
    "make report": Event(_EXPORT, "R"),
    "read by API": Event(_EXPORT, "R"),
    "take out list": Event(_EXPORT, "R"),
    "search": Event(_QUERY, "E"),
    "submit": Event(_TRANSFERRED, "C"),
    "set aside": Event(_ALERT, "E"),
    "enrol patient": Event(_PATIENT, "U"),
    "enrol patient again": Event(_PATIENT, "U"),
    "patient restricted": Event(_PATIENT, "U"),
    "patient withdrawn": Event(_PATIENT, "U"),
    "lift restriction": Event(_PATIENT, "U"),
    "remove patient": Event(_PATIENT, "U"),
    "add data": Event(_PATIENT, "U"),
    "remove data": Event(_PATIENT, "U"),
    "erase": Event(_DELETED, "D"),
    "delete from quarantine": Event(_DELETED, "D"),
    "erase waiting parcel": Event(_DELETED, "D"),
    "journal entries lost": Event(_ALERT, "E"),
    **dict.fromkeys(
        ("give grant", "propose grant", "confirm grant", "renew grant", "revoke grant"),
        Event(_ALERT, "U", _ROLES),
    ),
    **dict.fromkeys(
        ("add second factor", "remove second factor", "make recovery codes anew", "set password"),
        Event(_ALERT, "U", _ATTRIBUTES),
    ),
    **dict.fromkeys(("token made", "token ended", "end sessions"), Event(_ALERT, "U", _ATTRIBUTES)),
}


def event_of(act: str, object_kind: str = "") -> Event:
    """The event of an act; looking at the journal itself is Audit Log Used."""
    if object_kind == "journal" and act in ("view", "search", "take out list"):
        return Event(_LOG_USED, "R")
    return EVENTS.get(act, Event(_ACTIVITY, "E"))
