"""What is sent to a door that changes something: a body that would succeed for those who may.

Comes in: a door and the planted world. Goes out: the body, made once for all persons: the form of the
door's own page, as somebody sees it who may, filled in (forms.py), with what stands below in its place
where a form wants more than words.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from planbank.access.surface import Door
from planbank.access.surface.door import PUBLIC
from planbank.protocols.models import StructureType
from tests.access.oracle import Person
from tests.access.surface.expecting import expected
from tests.access.surface.forms import filled
from tests.access.surface.people import PEOPLE
from tests.access.surface.trying import Visitor, Way, ways_of
from tests.access.surface.world import Canary, Planted


def _of_world(planted: Planted) -> dict[str, dict[str, Any]]:
    """What forms want besides words: names that fit, choices that stand nowhere first."""
    code = {one: planted.rows.institution(one).pk for one in ("AUH", "OUH", "VLE")}
    types = {one.name: one.pk for one in StructureType.objects.filter(protocol__isnull=False)}
    theirs = {one.name: one.pk for one in StructureType.objects.filter(project__isnull=False)}
    person, day, later = "mere.account", "2026-12-01", "2027-06-01"
    node = {"ae_title": "NEWNODE", "host": "10.9.8.7", "institution": code["VLE"], "name": "A new node"}
    project = {"short_name": "NEW-P", "title": "New", "purpose": "to see", "recipient": "Region"}
    return {
        "triggers-again-stop": {"since": "1795000000.000000"},
        "protocol-new": {"short_name": "NEW", "purpose": "to see", "legal_basis": "none needed"},
        "constraint-new": {"text": "Heart Dmean <= 2 Gy"},
        "statistics-save": {"name": "hearts", "metrics": "Dmean"},
        "project-statistics-save": {"name": "hearts", "metrics": "Dmean"},
        "constraint-end": {},
        "constraint-back": {},
        "analysis-rule": {"rule": "latest"},
        "export-act": {"seen": 1, "decision": "not in the agreement"},
        "trigger-new": {"roi_name": "Brain"},
        "audit-new": {"name": "Thorax", "purpose": "to see", "organiser": "Mette"},
        "audit-cases": {"plan": planted.plans["ouh-brain"].pk},
        "audit-observers": {"centre": code["VLE"], "observers": "VLE-9 nine@example.org"},
        "dictionary": {"entry": "Cor*", "type": types["Heart"]},
        "project-dictionary": {"entry": "Cor*", "type": theirs["Heart"]},
        "grant-give": {"username": person, "where": f"protocol-{planted.rows.protocol('BRAIN').pk}"},
        "protocol-people-give": {"username": person},
        "project-people-give": {"username": person, "role": "reader", "see": 2},
        "protocol-who": {"number": Canary(0).number},
        "participant-new": {"trial_id": "X-1", "institution": code["AUH"]},
        "attribute-new": {"name": "weight", "kind": "text"},
        "centre-new": {"institution": code["VLE"], "since": day},
        "agreement-new": {"kind": "other", "signed_on": "2026-01-01"},
        "project-new": {**project, "starts_on": day, "ends_on": later},
        "reuse-ask": {"protocol": "HEART"},
        "institution-new": {"code": "NEW", "name": "New"},
        "affiliation-new": {"who": person},
        "person-new": {"username": "newcomer", "name": "New Comer"},
        "destination-new": node,
        "destination-ask": node,
        "sender-new": {"ae_title": "NEWTPS", "network": "10.9.8.7", "institution_1": code["AUH"]},
        "person-link": {},
    }


@dataclass
class Bodies:
    """The bodies of a world."""

    planted: Planted

    def of(self, door: Door) -> dict[str, Any]:
        """The body for a door; {} where it asks for nothing."""
        if door.name not in self.planted.bodies:
            self.planted.bodies[door.name] = {
                **self._filled(door),
                **_of_world(self.planted).get(door.name, {}),
            }
        return self.planted.bodies[door.name]

    def _filled(self, door: Door) -> dict[str, Any]:
        who = next(self.all_who(door), None) if "GET" in door.methods and door.action != PUBLIC else None
        if who is None:
            return {}
        person, way = who
        page, _written = Visitor(self.planted, person).tries("GET", way.path, way.asked)
        return filled(page.content.decode(), way.path)

    def all_who(self, door: Door, method: str = "GET") -> Iterator[tuple[Person, Way]]:
        """Who may come to it, and where."""
        for person in PEOPLE:
            for way in ways_of(door, self.planted, person):
                if 200 in expected(self.planted, person, door, way, method):
                    yield person, way
