"""The tables of protocols and projects, as model.md defines them."""

from planbank.protocols.models.agreement import Agreement
from planbank.protocols.models.constraint import Constraint, Verdict
from planbank.protocols.models.controller import DataController
from planbank.protocols.models.enrolment import Enrolment
from planbank.protocols.models.isodoses import IsodoseLevels
from planbank.protocols.models.membership import IN_FORCE, Membership
from planbank.protocols.models.participant import AttributeType, Participant
from planbank.protocols.models.participation import Participation
from planbank.protocols.models.project import Project, ProjectItem
from planbank.protocols.models.protocol import Contact, Protocol
from planbank.protocols.models.reuse import Disclosure, ReuseRequest
from planbank.protocols.models.review import Review
from planbank.protocols.models.saved_request import SavedRequest
from planbank.protocols.models.structure_type import StructureType
from planbank.protocols.models.tag import Tag
from planbank.protocols.models.template import Template
from planbank.protocols.models.trigger import Firing, Trigger

__all__ = [
    "IN_FORCE",
    "Agreement",
    "AttributeType",
    "Constraint",
    "Contact",
    "DataController",
    "Disclosure",
    "Enrolment",
    "Firing",
    "IsodoseLevels",
    "Membership",
    "Participant",
    "Participation",
    "Project",
    "ProjectItem",
    "Protocol",
    "ReuseRequest",
    "Review",
    "SavedRequest",
    "StructureType",
    "Tag",
    "Template",
    "Trigger",
    "Verdict",
]
