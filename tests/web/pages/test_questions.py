"""Every list asks the database as often for fifty rows as for five (R48, R186)."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest
from django.core.cache import cache
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from planbank.catalogue.models import QuarantinedParcel, Receipt, StructureSet
from planbank.erasure.models import Ageing
from planbank.journal.record import Actor, record
from planbank.messages.models import Event
from planbank.naming.models import Dictionary
from planbank.people.models import Affiliation, User
from planbank.protocols.levels import See, TakeOut
from planbank.protocols.models import Protocol, StructureType
from tests.protocols.rows import ProtocolRows

if TYPE_CHECKING:
    from planbank.house import House

FEW, MANY = 5, 50
BACKEND = "allauth.account.auth_backends.AuthenticationBackend"
# {p} is the protocol. What each shows stands in `_fill`; a list without rows would prove nothing.
LISTS = {
    "anna": (
        *("/plans/", "/plans/?findings=warn", "/plans/?q=mam", "/patients/", "/patients/?q=holm"),
        *("/search/?q=mam", "/arrivals/", "/receipts/", "/unassigned/", "/", "/journal/", "/protocols/"),
    ),
    "rita": (
        *("/plans/", "/plans/?q=T-0", "/patients/", "/patients/?q=T-0", "/search/?q=T-0"),
        *("/protocols/{p}/patients/", "/protocols/{p}/plans/", "/protocols/{p}/matrix/"),
        "/protocols/{p}/statistics/?metrics=Volume",
    ),
    "kira": (
        *("/protocols/{p}/participants/", "/protocols/{p}/people/", "/protocols/{p}/looked/"),
        *("/protocols/{p}/removed/", "/protocols/", "/grants/"),
        *("/protocols/{p}/dictionary/", "/protocols/{p}/dictionary/unmapped/", "/protocols/{p}/withdrawals/"),
    ),
    "ada": (
        "/people/",
        "/senders/",
        "/institutions/",
        "/quarantine/",
        "/services/",
        "/journal/",
        "/protocols/",
    ),
}


@pytest.fixture
def rows(bank: House, now: datetime) -> ProtocolRows:
    return ProtocolRows(now)


@pytest.fixture
def protocol(rows: ProtocolRows) -> Protocol:
    """A protocol with its people: of a centre, a masked reader, its key user; the administrator."""
    made = rows.protocol("BRAIN")
    for code in ("OUH", "AUH"):
        rows.centre(made, code)
    rows.user("anna", "OUH")
    rows.grant(rows.user("rita"), "reader", made, see=See.PSEUDONYMISED, take_out=TakeOut(1))
    rows.grant(rows.user("kira"), "key-user", made, see=See.IDENTIFIED, take_out=TakeOut.RAW)
    rows.user("ada", is_site_admin=True)
    StructureType.objects.create(protocol=made, name="Heart", need="required")
    Dictionary.objects.create(protocol=made)
    return made


def test_the_questions_of_a_list_do_not_grow_with_its_rows(protocol: Protocol, rows: ProtocolRows) -> None:
    _fill(rows, protocol, range(FEW))
    few = dict(_asked(protocol))
    _fill(rows, protocol, range(FEW, MANY))
    many = dict(_asked(protocol))
    # One more is the count that a list of a single page does without.
    grown = {key: (few[key][0], n) for key, (n, _size) in many.items() if n > few[key][0] + 1}
    assert grown == {}
    # Each of them does show more.
    assert [key for key, (_n, size) in many.items() if size <= few[key][1]] == []


def _asked(protocol: Protocol) -> Iterator[tuple[tuple[str, str], tuple[int, int]]]:
    """Person and list -> how many questions, how long the page."""
    for name, lists in LISTS.items():
        client = Client()
        client.force_login(User.objects.get(username=name), backend=BACKEND)
        for path in lists:
            cache.clear()
            address = path.format(p=protocol.pk)
            with CaptureQueriesContext(
                connection,
            ) as asked:
                answer = client.get(address, follow=True)
                assert answer.status_code == 200, (name, address)
            yield (name, path), (len(asked), len(answer.content))


def _fill(rows: ProtocolRows, protocol: Protocol, numbers: range) -> None:
    for n in numbers:
        _plan(rows, protocol, n)
        other = rows.protocol(f"OTHER-{n}")
        rows.centre(other, "OUH")
        user = User.objects.create(username=f"u{n:03}", name=f"Person {n}")
        Affiliation.objects.create(user=user, institution=rows.institution("OUH"), since=rows.at)
        for scope in (protocol, other):
            rows.grant(user, "reader", scope, see=See.PSEUDONYMISED)
        rows.grant(User.objects.get(username="kira"), "key-user", other)
        rows.sender(f"TPS{n}", "OUH")
        rows.institution(f"H{n}")
        _waits(rows, n)


def _plan(rows: ProtocolRows, protocol: Protocol, n: int) -> None:
    """A whole plan in the protocol with findings; another one in none."""
    plan_set = rows.small_plan("OUH", f"{n:010}")
    plan_set.label = f"Mam {n}"
    plan_set.save()
    structures: StructureSet = rows.add_structures(plan_set, "Heart", f"unknown {n}")
    rows.join(protocol, plan_set)
    file = plan_set.patient_file
    rows.participant(protocol, f"T-0{n}", "OUH", patient=file.patient)
    rows.enrolment(protocol, file)
    about: dict[str, Any] = {"subject_kind": "plan set", "subject_id": plan_set.pk}
    rows.finding(file, "images-missing", params={"missing": 2, "of": 9}, **about)
    rows.outcome(structures.version, "failed", f"reason {n}")
    loose = rows.small_plan("OUH", f"9{n:09}")
    Ageing.objects.create(
        patient_file=loose.patient_file,
        institution=loose.patient_file.institution,
        goes_at=rows.at + timedelta(days=n + 1),
        objects_count=2,
        days=60,
    )
    Receipt.objects.create(
        patient_file=file,
        institution=file.institution,
        sop_instance_uid=plan_set.sop_instance_uid,
        calling_ae="PACS",
        made_at=rows.at,
        written_at=rows.at,
        received_at=rows.at,
    )


def _waits(rows: ProtocolRows, n: int) -> None:
    """Something in quarantine, in the journal, among what happened."""
    QuarantinedParcel.objects.create(
        parcel_id=f"{n:032x}",
        reason="sender-unknown",
        calling_ae=f"STRANGER{n}",
        called_ae="PLANBANK",
        address="10.0.0.9",
        received_at=rows.at,
    )
    record(Actor("user", "anna"), "view", rows.at, object_kind="patient file", object_id=n, protocol="BRAIN")
    Event.objects.create(kind="sender-unknown", at=rows.at, institution=rows.institution("OUH"))
