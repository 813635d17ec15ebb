"""An example of every kind of row that an address can name.

Goes out: `KINDS`, by the word that a door gives as `of=`. A door with a new word wants its kind here,
with at least one row: a door that names nothing is a door that nobody tried. `ASKED` holds those that a
door is asked about in words (`?rule=7`), by the door's name.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from allauth.mfa.models import Authenticator

from planbank.access.models import Grant
from planbank.catalogue.models import IdentityChange, PlanSet, QuarantinedParcel, Receipt
from planbank.delivery.models import Destination, Forward
from planbank.erasure.models import Erasure
from planbank.naming.models import DictionaryRule, Edition
from planbank.naming.queries.dictionaries import dictionary_of
from planbank.people.models import Affiliation
from planbank.protocols.models import (
    Agreement,
    AttributeType,
    Constraint,
    Contact,
    DataController,
    Enrolment,
    Participant,
    Participation,
    Project,
    Protocol,
    ReuseRequest,
    SavedRequest,
    StructureType,
    Template,
    Trigger,
)
from planbank.takeout.models import Export
from planbank.uploads.models import Upload
from planbank.web.one_time import RESETS, TOKENS, link_for
from tests.access.surface.example import Example
from tests.access.surface.kinds_of_audits import audit_study, links_to_copies

if TYPE_CHECKING:
    from tests.access.surface.world import Planted


def _of_rows(number: Callable[[PlanSet], Any]) -> Callable[[Planted], list[Example]]:
    return lambda planted: [Example(number(plan), name) for name, plan in planted.plans.items()]


def _trigger(planted: Planted) -> list[Example]:
    brain, at = planted.rows.protocol("BRAIN"), planted.rows.at
    rule = Trigger.objects.create(protocol=brain, name="empty brain", roi_name="Brain", changed_at=at)
    return [Example(rule.pk, within="BRAIN")]


def _constraint(planted: Planted) -> list[Example]:
    brain, at = planted.rows.protocol("BRAIN"), planted.rows.at
    heart, _made = StructureType.objects.get_or_create(protocol=brain, name="Heart")
    asked = {"metric": "Dmax", "operator": "<=", "limit": 2, "unit": "Gy", "added_at": at}
    row = Constraint.objects.create(protocol=brain, structure_type=heart, **asked)
    return [Example(row.pk, within="BRAIN")]


def _quarantined(planted: Planted) -> list[Example]:
    """One of an unknown sender, the system administrator's; one of OUH that could not be read."""
    at, ouh = planted.rows.at, planted.rows.institution("OUH")
    strange, unclear = (
        QuarantinedParcel.objects.create(
            parcel_id=f"{n:032x}", received_at=at, calling_ae="STRANGER", **fields
        )
        for n, fields in enumerate(
            ({"reason": "unknown-sender"}, {"reason": "cannot-be-read", "institution": ouh}), 1
        )
    )
    return [Example(strange.pk, who="system-admin"), Example(unclear.pk, who="OUH")]


def _outcome(planted: Planted) -> list[Example]:
    version = planted.rows.version()
    return [Example(planted.rows.outcome(version, "failed", "broken").pk)]


def _in_brain(model: Any, **given: Any) -> Callable[[Planted], list[Example]]:
    """A row that stands in BRAIN: found there, or made."""

    def make(planted: Planted) -> list[Example]:
        brain = planted.rows.protocol("BRAIN")
        row = model.objects.filter(protocol=brain).first() or model.objects.create(protocol=brain, **given)
        return [Example(row.pk, within="BRAIN")]

    return make


def _grant(planted: Planted) -> list[Example]:
    brain = planted.rows.protocol("BRAIN")
    grant = Grant.objects.filter(scope_kind="protocol", scope_id=brain.pk, user=planted.users["masked"]).get()
    return [Example(grant.pk, within="BRAIN")]


def _affiliation(planted: Planted) -> list[Example]:
    row = Affiliation.objects.get(user=planted.users["own.staff"])
    return [Example(row.pk, within="OUH")]


def _patient_files(planted: Planted) -> list[Example]:
    """Each with another file of its institution, for the door that puts two side by side."""
    found = []
    for name, plan in planted.plans.items():
        file = plan.patient_file
        other = next(
            one.patient_file_id
            for one in reversed(planted.plans.values())
            if one.patient_file.institution_id == file.institution_id
        )
        found.append(Example(file.pk, name, more={"other": other}))
    return found


def _enrolment(planted: Planted) -> list[Example]:
    """With the file whose erasure is asked for; the patient of ouh-brain is listed by P."""
    found = []
    for name in ("auh-brain", "ouh-brain"):
        file = planted.plans[name].patient_file
        row = Enrolment.objects.get(protocol=planted.rows.protocol("BRAIN"), patient=file.patient)
        more = {"file": file.pk, "listed": name == "ouh-brain"}
        found.append(Example(row.pk, within="BRAIN", more=more))
    return found


def _reuse(planted: Planted) -> list[Example]:
    """The approved one, between BRAIN and P."""
    return [Example(ReuseRequest.objects.get(state="approved").pk, within="BRAIN")]


def _owner(planted: Planted, name: str) -> dict[str, Protocol | Project]:
    """The protocol or project of that name, as the fields of a row that is in it."""
    if name in planted.world.projects:
        return {"project": planted.rows.project(name)}
    return {"protocol": planted.rows.protocol(name)}


def _heart(planted: Planted, name: str) -> StructureType:
    return StructureType.objects.get_or_create(**_owner(planted, name), name="Heart")[0]


def _type(name: str) -> Callable[[Planted], list[Example]]:
    return lambda planted: [Example(0, within=name, more={"type": _heart(planted, name).pk})]


def _rule(name: str) -> Callable[[Planted], list[Example]]:
    def make(planted: Planted) -> list[Example]:
        (owner,) = _owner(planted, name).values()
        edition = Edition.objects.get(dictionary=dictionary_of(owner), number=1)
        row = DictionaryRule.objects.create(
            dictionary=edition.dictionary,
            entry="Heart*",
            structure_type=_heart(planted, name),
            added_in=edition,
        )
        return [Example(0, within=name, more={"rule": row.pk})]

    return make


def _choice(name: str) -> Callable[[Planted], list[Example]]:
    def make(planted: Planted) -> list[Example]:
        plan = planted.plans["ouh-brain"]
        more = {"plan_set": plan.pk, "type": _heart(planted, name).pk, "verdict": "union"}
        return [Example(0, within=name, more=more)]

    return make


def _receipts(planted: Planted) -> list[Example]:
    found = []
    for name in ("auh-brain", "ouh-brain"):
        plan, at = planted.plans[name], planted.rows.at
        times = {"made_at": at, "written_at": at, "received_at": at, "final_at": at}
        row = Receipt.objects.create(
            patient_file=plan.patient_file,
            institution=plan.patient_file.institution,
            sop_instance_uid=plan.sop_instance_uid,
            state="ok",
            **times,
        )
        found.append(Example(row.pk, who=row.institution.code))
    return found


def _destination(planted: Planted) -> list[Example]:
    at, ouh = planted.rows.at, planted.rows.institution("OUH")
    row = Destination.objects.create(
        name="Proton centre",
        institution=ouh,
        ae_title="PROTON",
        host="127.0.0.1",
        port=11112,
        tls=False,
        purpose="To decide about protons",
        asked_at=at,
        confirmed_at=at,
    )
    return [Example(row.pk)]


def _export(planted: Planted) -> list[Example]:
    """One that somebody else asked for out of BRAIN."""
    at = planted.rows.at
    who = planted.rows.user("who.asked")
    brain = planted.rows.protocol("BRAIN")
    row = Export.objects.create(
        protocol=brain,
        purpose="doses",
        recipient="North",
        asked_at=at,
        asked_by=who,
        until=at + timedelta(days=365),
    )
    return [Example(row.pk, within="BRAIN")]


def _saved_request(name: str) -> Callable[[Planted], list[Example]]:
    """One that somebody else saved there."""

    def make(planted: Planted) -> list[Example]:
        row = SavedRequest.objects.create(
            **_owner(planted, name), name="hearts", metrics="Dmean", made_at=planted.rows.at
        )
        return [Example(row.pk, within=name)]

    return make


def _upload(planted: Planted) -> list[Example]:
    """One of AUH's, still open."""
    row = Upload.objects.create(
        number="5" * 32,
        institution=planted.rows.institution("AUH"),
        began_at=planted.rows.at,
        deidentified=False,
    )
    return [Example(row.pk, who="AUH")]


def _forward(planted: Planted) -> list[Example]:
    plan, at = planted.plans["auh-brain"], planted.rows.at
    row = Forward.objects.create(
        destination=Destination.objects.get(name="Proton centre"),
        protocol=planted.rows.protocol("BRAIN"),
        institution=plan.patient_file.institution,
        patient_file=plan.patient_file,
        subject_uid=plan.sop_instance_uid,
        asked_at=at,
    )
    return [Example(row.pk, row="auh-brain")]


def _identity_change(planted: Planted) -> list[Example]:
    file = planted.plans["ouh-brain"].patient_file
    row = IdentityChange.objects.create(
        kind="link", institution=file.institution, file=file, reason="a new number", at=planted.rows.at
    )
    return [Example(row.pk, who="OUH")]


def _erasure(planted: Planted) -> list[Example]:
    plan, brain = planted.plans["auh-both"], planted.rows.protocol("BRAIN")
    row = Erasure.objects.create(
        kind="patient",
        institution=plan.patient_file.institution,
        protocol=brain,
        patient_file=plan.patient_file,
        file_number=plan.patient_file_id,
        reason="asked",
        asked_at=planted.rows.at,
    )
    return [Example(row.pk, within="BRAIN")]


def _edition(name: str) -> Callable[[Planted], list[Example]]:
    def make(planted: Planted) -> list[Example]:
        (owner,) = _owner(planted, name).values()
        dictionary = dictionary_of(owner)
        dictionary.edition = 1
        dictionary.save()
        row = Edition.objects.create(dictionary=dictionary, number=1, at=planted.rows.at, kind="rule")
        return [Example(row.number, within=name)]

    return make


def _template(planted: Planted) -> list[Example]:
    brain = planted.rows.protocol("BRAIN")
    row = Template.objects.create(name="As BRAIN", made_from=brain, made_at=planted.rows.at)
    return [Example(row.pk)]


def _passkey(planted: Planted) -> list[Example]:
    data = {"name": "A key", "credential": {}}
    row = Authenticator.objects.create(user=planted.users["former.staff"], type="webauthn", data=data)
    return [Example(row.pk, mine="former.staff")]


def _one_time_links(planted: Planted) -> list[Example]:
    """One of each sort: it is there for who holds it, signed in or not."""
    user, found = planted.users["own.staff"], []
    for tokens in (TOKENS, RESETS):
        uid, token = link_for(user, planted.rows.at, tokens).strip("/").split("/")[-2:]
        found.append(Example(uid, more={"token": token}))
    return found


__all__ = ["ASKED", "KINDS", "Example"]
KINDS: dict[str, Callable[[Planted], list[Example]]] = {
    "patient file": _patient_files,
    "plan set": _of_rows(lambda plan: plan.pk),
    "series": _of_rows(lambda plan: plan.members.get(series__isnull=False).series_id),
    "instance": _of_rows(lambda plan: plan.members.get(role="plan").instance_id),
    "association": lambda planted: [
        Example(f"{name}{'0' * 32}"[:32], who=code) for name, (code, _in) in planted.world.rows.items()
    ],
    "trigger": _trigger,
    "constraint": _constraint,
    "quarantine group": _quarantined,
    "sender": lambda planted: [Example(planted.rows.sender("ECLIPSE", "OUH").pk)],
    "service": lambda planted: [Example("analyse")],
    "outcome": _outcome,
    "participant": _in_brain(Participant),
    "participation": _in_brain(Participation),
    "enrolment": _enrolment,
    "attribute": _in_brain(AttributeType, name="smoker", kind="text"),
    "agreement": _in_brain(Agreement, kind="other", title="An agreement"),
    "contact": _in_brain(Contact, name="Carla Contact"),
    "reuse request": _reuse,
    "grant": _grant,
    "affiliation": _affiliation,
    "person": lambda planted: [Example(planted.users["masked"].pk, within="BRAIN")],
    "user": lambda planted: [Example(planted.users["own.staff"].pk, within="OUH")],
    "data controller": lambda planted: [Example(DataController.objects.create(name="Region South").pk)],
    "receipt": _receipts,
    "destination": _destination,
    "export": _export,
    "upload": _upload,
    "saved request": _saved_request("BRAIN"),
    "saved request of a project": _saved_request("P"),
    "audit study": audit_study,
    "link to a copy": links_to_copies,
    "forward": _forward,
    "identity change": _identity_change,
    "erasure": _erasure,
    "edition": _edition("BRAIN"),
    "edition of a project": _edition("P"),
    "template": _template,
    "passkey": _passkey,
    "one-time link": _one_time_links,
}
ASKED: dict[str, Callable[[Planted], list[Example]]] = {
    "dictionary-end": _rule("BRAIN"),
    "dictionary-retire": _type("BRAIN"),
    "matrix-choose": _choice("BRAIN"),
    "project-dictionary-end": _rule("P"),
    "project-dictionary-retire": _type("P"),
    "project-matrix-choose": _choice("P"),
    "add-to-protocol": lambda planted: [
        Example(0, name, more={"plan": plan.pk}) for name, plan in planted.plans.items()
    ],
}
