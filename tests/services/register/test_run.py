"""register: every end an arrival can have (model.md, Arrival and Three ends)."""

from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydicom.uid import ImplicitVRLittleEndian

from planbank.archive.names import object_key
from planbank.archive.part10 import split
from planbank.catalogue.models import (
    Finding,
    Instance,
    InstanceVersion,
    PatientFile,
    PatientIdentity,
    QuarantinedParcel,
    Study,
    Submission,
)
from planbank.house import House
from planbank.journal.models import Entry
from planbank.journal.record import Actor
from planbank.messages.models import Event
from planbank.people.actions import bind
from planbank.people.certificates import CertificateFacts
from planbank.people.models import Sender
from planbank.pipeline.models import Outcome
from planbank.services.register import register_once
from tests.sending import ct, deposit, encoded, register_sender

CT_CLASS, MR_CLASS = b"1.2.840.10008.5.1.4.1.1.2", b"1.2.840.10008.5.1.4.1.1.4"


def codes() -> set[str]:
    return set(Finding.objects.filter(closed_at=None).values_list("code", flat=True))


def test_an_object_is_kept_byte_for_byte_and_filed(bank: House) -> None:
    """R3, R11, R25."""
    institution = register_sender()
    ds = ct()
    deposit(bank, ds)
    assert register_once(bank) == 1
    version = InstanceVersion.objects.get()
    with bank.store.open(object_key(version.content_hash)) as stream:
        _syntax, offset = split(stream)
        stream.seek(offset)
        assert stream.read() == encoded(ds)
    file = PatientFile.objects.get()
    assert (file.institution, file.name, file.sent_id) == (institution, "Testesen^Anna", "0101501234")
    assert Submission.objects.get().relation == "new"
    assert Outcome.objects.get(service="analyse").subject_id == version.pk
    assert bank.tray.load().parcels == 0
    assert Entry.objects.get(action="submit").detail == {"objects": 1, "new": 1}
    assert list(bank.store.keys("arrivals/"))


def test_the_same_bytes_again_store_nothing_and_are_noted(bank: House) -> None:
    """R15: silently idempotent, the arrival is a row."""
    register_sender()
    ds = ct()
    for _ in range(3):
        deposit(bank, ds)
        register_once(bank)
    deposit(bank, ds)
    deposit(bank, ds)
    register_once(bank)
    assert InstanceVersion.objects.count() == Instance.objects.count() == 1
    assert sorted(Submission.objects.values_list("relation", flat=True)) == ["again"] * 4 + ["new"]


def test_twice_within_one_batch_is_once_new_and_once_again(bank: House) -> None:
    register_sender()
    ds = ct()
    deposit(bank, ds)
    deposit(bank, ds)
    register_once(bank)
    assert sorted(Submission.objects.values_list("relation", flat=True)) == ["again", "new"]


def test_the_same_elements_in_another_syntax_are_a_re_export(bank: House) -> None:
    """model.md: re-exported, kept, no alarm; the first version stays current."""
    register_sender()
    ds = ct()
    deposit(bank, ds)
    register_once(bank)
    deposit(bank, ds, syntax=ImplicitVRLittleEndian)
    register_once(bank)
    first, second = InstanceVersion.objects.order_by("pk")
    assert second.equals == first
    assert Instance.objects.get().current_version == first
    assert Submission.objects.order_by("pk").last().relation == "re-exported"


def test_other_content_under_a_known_uid_is_a_new_version_and_none_is_lost(bank: House) -> None:
    """R15; every peer silently drops one of the two."""
    register_sender()
    ds = ct()
    deposit(bank, ds)
    register_once(bank)
    ds.SliceThickness = "3"
    deposit(bank, ds)
    register_once(bank)
    assert InstanceVersion.objects.count() == 2
    assert Instance.objects.get().current_version == InstanceVersion.objects.order_by("pk").last()
    assert Submission.objects.order_by("pk").last().relation == "version"
    assert len(list(bank.store.keys("objects/"))) == 2


def test_other_bytes_from_another_institution_change_nothing_of_the_first(bank: House) -> None:
    """model.md, Tenancy."""
    register_sender("OUH", "TPS", "10.0.0.0/24")
    register_sender("AUH", "ARIA", "10.1.0.0/24")
    ds = ct()
    deposit(bank, ds)
    register_once(bank)
    ds.SliceThickness = "3"
    deposit(bank, ds, calling_ae="ARIA", address="10.1.0.7")
    register_once(bank)
    first, second = InstanceVersion.objects.order_by("pk")
    assert Instance.objects.get(institution__code="OUH").current_version == first
    assert Instance.objects.get(institution__code="AUH").current_version == second
    assert set(Submission.objects.values_list("relation", flat=True)) == {"new"}


def test_a_cpr_number_joins_across_centres_and_local_numbers_do_not(bank: House) -> None:
    """R20, R129: identity joins, files stay apart."""
    register_sender("OUH", "TPS", "10.0.0.0/24")
    register_sender("AUH", "ARIA", "10.1.0.0/24")
    register_sender("OSL", "OSLO", "10.2.0.0/24", scheme="local")
    register_sender("BER", "BERG", "10.3.0.0/24", scheme="local")
    for calling, address, patient in (
        ("TPS", "10.0.0.5", "010150-1234"),
        ("ARIA", "10.1.0.5", "0101501234"),
        ("OSLO", "10.2.0.5", "12345"),
        ("BERG", "10.3.0.5", "12345"),
    ):
        deposit(bank, ct(PatientID=patient), calling_ae=calling, address=address)
    register_once(bank)
    assert PatientFile.objects.count() == 4
    assert PatientIdentity.objects.get(scheme="CPR").value == "0101501234"
    assert PatientIdentity.objects.filter(scheme="local").count() == 2
    assert len(set(PatientFile.objects.values_list("patient", flat=True))) == 3


def test_an_unknown_sender_goes_to_quarantine_and_shows_nowhere(bank: House) -> None:
    """R10, R194: nothing visible, the parcel stays sealed."""
    register_sender()
    parcel = deposit(bank, ct(), calling_ae="NEW_CT", address="10.0.0.9")
    register_once(bank)
    row = QuarantinedParcel.objects.get()
    assert (row.parcel_id, row.reason, row.calling_ae) == (parcel, "unknown-sender", "NEW_CT")
    assert bank.tray.quarantined() == [parcel]
    assert not InstanceVersion.objects.exists()
    assert not list(bank.store.keys("objects/"))
    assert Event.objects.get().kind == "unknown-sender"


def test_a_known_name_from_another_address_is_not_trusted(bank: House) -> None:
    register_sender()
    deposit(bank, ct(), address="192.168.1.1")
    register_once(bank)
    assert QuarantinedParcel.objects.get().reason == "known-name-other-address"
    assert Event.objects.get().kind == "known-name-other-address"


@pytest.mark.parametrize("shown", ["", "cd" * 32])
def test_a_known_name_without_its_certificate_is_not_trusted(bank: House, shown: str) -> None:
    """R10; receive.md, rule 8: plain, or with another certificate than the one it is bound to."""
    institution = register_sender()
    bind(Sender.objects.get(), CertificateFacts("ab" * 32), Actor("user", "ada"), bank.clock.now())
    deposit(bank, ct(), certificate=shown)
    register_once(bank)
    row = QuarantinedParcel.objects.get()
    assert (row.reason, row.certificate) == ("known-name-other-certificate", shown)
    assert Event.objects.get().kind == "known-name-other-certificate"
    assert not Submission.objects.exists()
    deposit(bank, ct(), certificate="ab" * 32)
    register_once(bank)
    assert Submission.objects.get().institution == institution


def test_a_released_parcel_is_imported_as_the_institution_a_person_named(bank: House) -> None:
    """R194: release counts as an arrival."""
    institution = register_sender("AAL", "OTHER", "10.9.0.0/24")
    parcel = deposit(bank, ct(), calling_ae="NEW_CT")
    register_once(bank)
    QuarantinedParcel.objects.update(state="released", institution=institution)
    bank.tray.release(parcel)
    register_once(bank)
    assert Submission.objects.get().institution == institution
    assert QuarantinedParcel.objects.get().state == "done"


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"", "empty"),
        (b"\x00\x01\x02\x03" * 9, ""),
        (encoded(ct())[:-3], ""),
        (encoded(ct()) + b"\x01\x02", ""),
        (encoded(ct(SOPInstanceUID="1.2.3")).replace(CT_CLASS, MR_CLASS), "SOP Class"),
    ],
    ids=["empty", "random", "truncated", "trailing", "other class"],
)  # fmt: skip
def test_what_cannot_be_read_is_set_aside_with_the_reason(bank: House, data: bytes, words: str) -> None:
    """R17: a typed quarantine with the reason; seen by the institution that sent it."""
    institution = register_sender()
    deposit(bank, data)
    deposit(bank, good := ct())
    register_once(bank)
    row = QuarantinedParcel.objects.get()
    assert row.reason == "malformed"
    assert row.institution == institution
    assert words in row.detail and row.detail
    assert Instance.objects.get().sop_instance_uid == good.SOPInstanceUID


@pytest.mark.parametrize(
    ("missing", "code"),
    [
        ("PatientID", "no-patient-id"),
        ("StudyInstanceUID", "no-study-uid"),
        ("SeriesInstanceUID", "no-series-uid"),
    ],
)
def test_what_lacks_identifiers_is_kept_with_a_finding(bank: House, missing: str, code: str) -> None:
    """model.md: kept with a finding, filed under its institution."""
    register_sender()
    deposit(bank, ct(**{missing: None}))
    register_once(bank)
    assert codes() == {code}
    assert Instance.objects.count() == 1
    if missing == "PatientID":
        assert PatientFile.objects.get().patient is None


def test_one_study_under_two_patients_is_kept_with_a_finding_on_both(bank: House) -> None:
    register_sender()
    deposit(bank, ct())
    deposit(bank, ct(PatientID="0202501234"))
    register_once(bank)
    assert Study.objects.count() == 2
    assert codes() == {"patient-differs-in-study"}
    assert Finding.objects.count() == 2


def test_a_parcel_left_after_the_commit_is_only_deleted(bank: House) -> None:
    """security.md, fault 9: killed after the commit, before the parcel's deletion."""
    register_sender()
    deposit(bank, ct())
    delete = bank.tray.delete
    bank.tray.delete = lambda parcel_id: None  # type: ignore[method-assign]
    register_once(bank)
    bank.tray.delete = delete  # type: ignore[method-assign]
    assert bank.tray.load().parcels == 1
    register_once(bank)
    assert bank.tray.load().parcels == 0
    assert Submission.objects.count() == 1


def test_study_fields_fill_in_later_and_are_never_emptied(bank: House) -> None:
    """R13."""
    register_sender()
    deposit(bank, ct(StudyDate=None))
    register_once(bank)
    assert Study.objects.get().study_date == ""
    deposit(bank, ct(StudyDate="20261101", StudyDescription="Plan CT"))
    register_once(bank)
    deposit(bank, ct(StudyDate=None))
    register_once(bank)
    study = Study.objects.get()
    assert (study.study_date, study.description) == ("20261101", "Plan CT")


def test_text_with_nul_is_kept(bank: House) -> None:
    """No database keeps a NUL; the bytes in the archive do."""
    register_sender()
    deposit(bank, ct(PatientName="Test\0esen"))
    register_once(bank)
    assert PatientFile.objects.get().name == "Test esen"


@pytest.mark.django_db
@given(
    st.lists(
        st.tuples(st.integers(0, 3), st.integers(0, 2), st.sampled_from(["TPS", "ARIA", "NOBODY"])),
        max_size=12,
    ),
    st.lists(st.integers(1, 5), min_size=1, max_size=4),
)
def test_the_end_does_not_depend_on_batches(
    house: House, sent: list[tuple[int, int, str]], batches: list[int]
) -> None:
    """R185 for registration: whatever the batches, each arrival is one row and each content one version."""
    from django.db import transaction

    with transaction.atomic():
        register_sender("OUH", "TPS")
        register_sender("AUH", "ARIA")
        for uid, thickness, calling in sent:
            ds = ct(SOPInstanceUID=f"1.2.99.{uid}", SliceThickness=str(thickness))
            deposit(house, ds, calling_ae=calling)
            house.clock.at += timedelta(seconds=1)  # type: ignore[attr-defined]
        turn = 0
        while house.tray.load().parcels:
            register_once(house, batches[turn % len(batches)])
            turn += 1
        known = [s for s in sent if s[2] != "NOBODY"]
        assert Submission.objects.count() == len(known)
        assert InstanceVersion.objects.count() == len({(u, t) for u, t, _c in known})
        assert Instance.objects.count() == len({(u, c) for u, _t, c in known})
        assert QuarantinedParcel.objects.count() == len(sent) - len(known)
        for institution, uid in {(c, u) for u, _t, c in known}:
            last = [t for u, t, c in known if (u, c) == (uid, institution)][-1]
            code = {"TPS": "OUH", "ARIA": "AUH"}[institution]
            instance = Instance.objects.get(institution__code=code, sop_instance_uid=f"1.2.99.{uid}")
            expected = encoded(ct(SOPInstanceUID=f"1.2.99.{uid}", SliceThickness=str(last)))
            with house.store.open(object_key(instance.current_version.content_hash)) as stream:
                stream.seek(split(stream)[1])
                assert stream.read() == expected
        transaction.set_rollback(True)
