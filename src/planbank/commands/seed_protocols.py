"""Two protocols for the demonstration, with centres, people, members and participants.

Comes in: a seeded demo site and which patient was sent for which site and centre. Goes out: protocols of kind
'demo', filled by the centres' own people as they would do it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from planbank.house import House

BREAST, HEAD_AND_NECK = "DBCG-DEMO", "DAHANCA-DEMO"
# The empty ROI that one synthetic breast patient of Vejle carries (demo/patients/cohort.py).
TRIGGER_ROI = "DBCG_PROTON"
PROTOCOL_OF = {"breast": BREAST, "head-and-neck": HEAD_AND_NECK}
ARMS = ("photon", "proton")
_CENTRES = ("OUH", "AUH", "VLE")
_OUT = {"take_out": "pseudonymised"}
_OTHERS = {"controller": "Anne Ret", "keyuser": "Lise Falk", "reader": "Peter Skov"}


def _protocol(name: str, title: str, group: str, structures: list[str]) -> dict[str, Any]:
    return {
        "short_name": name,
        "title": title,
        "cancer_group": group,
        "kind": "demo",
        "target_accrual": 60,
        "purpose": "To show what a protocol looks like. All of it is invented.",
        "legal_basis": "None is needed: there is no person behind these data.",
        "controllers": ["Demonstration Region"],
        "contacts": [{"name": _OTHERS["keyuser"], "role": "key user", "email": "keyuser@example.org"}],
        "structure_types": structures,
        "status": "active",
    }


# What is mapped already; the rest is left for whoever tries the matrix and its suggestions.
_RULES = {
    BREAST: {
        "Hjerte": "Heart",
        "Heart": "Heart",
        "Lunge Sin": "Lung_L",
        "Lung?L": "Lung_L",
        "CTVp_breast": "CTVp_breast",
        "CTV bryst": "CTVp_breast",
    },
    HEAD_AND_NECK: {
        "Medulla": "SpinalCord",
        "?pinal cord": "SpinalCord",
        "Hjernestamme": "Brainstem",
        "Brainstem": "Brainstem",
        "Opstregning": "Body",
        "Parotis Sin": "Parotid_L",
        "CTV68*": "CTV1",
        "CTV-T (68Gy)": "CTV1",
    },
}
_CONSTRAINTS = {
    BREAST: ["Heart Dmean <= 2 Gy, tolerate 4 Gy", "Lung_L V20Gy <= 30 %", "CTVp_breast V95% >= 95 %"],
    HEAD_AND_NECK: ["SpinalCord D0.03cc <= 45 Gy, tolerate 50 Gy", "Parotid_L Dmean <= 26 Gy"],
}
TABLES: dict[str, list[dict[str, Any]]] = {
    "user": [{"username": username, "name": name} for username, name in _OTHERS.items()],
    "controller": [{"name": "Demonstration Region"}],
    "protocol": [
        _protocol(
            BREAST,
            "Breast, demonstration",
            "DBCG",
            ["Heart", "Lung_L", "Lung_R", "CTVp_breast", "Breast_L", "Breast_R"],
        ),
        _protocol(
            HEAD_AND_NECK,
            "Head and neck, demonstration",
            "DAHANCA",
            ["Body", "SpinalCord", "Brainstem", "Parotid_L", "Parotid_R", "CTV1"],
        ),
    ],
    "participation": [
        {"protocol": name, "institution": code, "expected_accrual": 20}
        for name in (BREAST, HEAD_AND_NECK)
        for code in _CENTRES
    ],
    "structure_type": [
        {"protocol": BREAST, "name": "Heart", "need": "required"},
        {"protocol": BREAST, "name": "Lungs", "expression": "Lung_L + Lung_R"},
        {"protocol": HEAD_AND_NECK, "name": "SpinalCord", "need": "required"},
    ],
    "dictionary_rule": [
        {"protocol": name, "entry": entry, "type": type_}
        for name, rules in _RULES.items()
        for entry, type_ in rules.items()
    ],
    "constraint": [
        {"protocol": name, "text": text} for name, texts in _CONSTRAINTS.items() for text in texts
    ],
    "trigger": [{"protocol": BREAST, "roi_name": TRIGGER_ROI}],
    "grant": [
        *(
            {"user": code.lower(), "role": "normal-user", "protocol": name}
            for name in (BREAST, HEAD_AND_NECK)
            for code in _CENTRES
        ),
        {"user": "keyuser", "role": "key-user", "protocol": BREAST, "see": "pseudonymised"},
        {"user": "keyuser", "role": "key-user", "protocol": HEAD_AND_NECK, "see": "pseudonymised"},
        {"user": "reader", "role": "reader", "protocol": BREAST, "see": "pseudonymised"} | _OUT,
        {"user": "reader", "role": "reader", "protocol": HEAD_AND_NECK, "see": "summary"},
        {"user": "controller", "role": "controller", "protocol": BREAST},
        {"user": "controller", "role": "controller", "protocol": HEAD_AND_NECK},
    ],
}
ROLES = {
    "keyuser": "key user of both protocols, pseudonymised",
    "reader": f"researcher: {BREAST} pseudonymised, {HEAD_AND_NECK} in numbers only; a project",
    "controller": "data controller of both protocols",
}


@dataclass(frozen=True)
class Sent:
    """One patient of the demonstration: what was treated, which number, for whom it was sent."""

    site: str
    patient_id: str
    code: str


def fill(house: House, sent: list[Sent]) -> None:
    """Each centre adds its own patients, each with a participant; one more of each is still expected."""
    from planbank.catalogue.models import PatientFile
    from planbank.people.models import Institution, User
    from planbank.protocols.act import Act
    from planbank.protocols.actions.adding import add_patient
    from planbank.protocols.models import Participant, Protocol

    now = house.clock.now()
    protocols = {row.short_name: row for row in Protocol.objects.filter(kind="demo")}
    numbers = dict.fromkeys(protocols, 0)
    mine = [one for one in sent if one.site in PROTOCOL_OF]
    for one in [*mine, *(Sent(site, "", "AUH") for site in PROTOCOL_OF)]:
        name = PROTOCOL_OF[one.site]
        numbers[name] += 1
        file = PatientFile.objects.filter(institution__code=one.code, sent_id=one.patient_id).first()
        known = file if one.patient_id else None
        if known is not None:
            add_patient(Act.of(User.objects.get(username=one.code.lower()), now), protocols[name], known)
        Participant.objects.create(
            protocol=protocols[name],
            institution=Institution.objects.get(code=one.code),
            patient=known.patient if known else None,
            trial_id=f"{name.split('-')[0]}-{numbers[name]:03d}",
            arm=ARMS[numbers[name] % 2],
            expected={"RTPLAN": 1, "RTDOSE": 1, "RTSTRUCT": 1},
            consent=Participant.Consent.GIVEN,
            added_at=now,
        )
