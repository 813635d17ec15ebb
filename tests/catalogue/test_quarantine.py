"""Decisions about what was set aside: one wins, nothing else moves, every one is in the journal."""

from __future__ import annotations

import threading
from datetime import timedelta
from typing import TYPE_CHECKING, Any, get_args

import pytest
from django.db import connection
from hypothesis import given, settings
from hypothesis import strategies as st

from planbank.catalogue.models import QuarantinedParcel
from planbank.catalogue.quarantine import DELETE, RELEASE, carry_out, delete, release
from planbank.catalogue.quarantine_groups import Group, group_of, groups
from planbank.catalogue.quarantine_words import REASONS, reason_in_words
from planbank.errors import AlreadyDecided, CountDiffers, SenderTaken
from planbank.journal.models import Entry
from planbank.people.models import Institution, Sender, SenderCertificate, SenderInstitution, User
from planbank.people.queries import Reason as SenderReason
from planbank.people.queries import SenderBook
from tests.aside import CT, DOSE, set_aside

if TYPE_CHECKING:
    from collections.abc import Iterator

    from planbank.house import House


@pytest.fixture
def triggers_back(django_db_setup: None, django_db_blocker: Any) -> Iterator[None]:
    """Ends last: the connection that was allowed to empty the journal is not used again."""
    yield
    with django_db_blocker.unblock():
        connection.close()


@pytest.fixture
def committed(triggers_back: None, transactional_db: None, house: House) -> Iterator[House]:
    """A bank in which every transaction is committed; emptied afterwards."""
    yield house
    with connection.cursor() as cursor:
        cursor.execute("SET session_replication_role = replica")


@pytest.fixture
def admin(bank: House) -> User:
    return User.objects.create_user("root.admin", name="Ada Admin", is_site_admin=True)


@pytest.fixture
def aal(bank: House) -> Institution:
    return Institution.objects.create(code="AAL", name="Aalborg")


def only_group(row: QuarantinedParcel) -> Group:
    group = group_of(QuarantinedParcel.objects.all(), row.pk)
    assert group is not None
    return group


def states() -> dict[str, int]:
    found: dict[str, int] = {}
    for state in QuarantinedParcel.objects.values_list("state", flat=True):
        found[state] = found.get(state, 0) + 1
    return found


def test_files_of_one_sender_address_and_reason_are_one_group(bank: House) -> None:
    set_aside(bank, 2, received_at=bank.clock.now() - timedelta(hours=2))
    set_aside(bank, 1, sop_class_uid=DOSE)
    set_aside(bank, 1, address="10.81.4.28")
    found = groups(QuarantinedParcel.objects.all(), order="first_seen", limit=9)
    assert [(g.address, g.files, g.bytes, g.classes) for g in found] == [
        ("10.81.4.27", 3, 9, {CT: 2, DOSE: 1}),
        ("10.81.4.28", 1, 3, {CT: 1}),
    ]
    assert found[0].first_seen == bank.clock.now() - timedelta(hours=2)


def test_the_called_title_divides_a_group_only_where_it_is_the_reason(bank: House) -> None:
    for called in ("PLANBANK", "OTHER"):
        set_aside(bank, called_ae=called)
        set_aside(bank, called_ae=called, reason="no-institution-for-called-ae")
    found = groups(QuarantinedParcel.objects.all(), order="first_seen", limit=9)
    assert sorted((g.reason, g.called_ae, g.files) for g in found) == [
        ("no-institution-for-called-ae", "OTHER", 1),
        ("no-institution-for-called-ae", "PLANBANK", 1),
        ("unknown-sender", "", 2),
    ]
    assert all(g.rows().count() == g.files for g in found)


def test_search_takes_every_letter_literally(bank: House) -> None:
    set_aside(bank, calling_ae="A%B")
    set_aside(bank, calling_ae="AXB")
    set_aside(bank, calling_ae="A_B'\"")

    def found(text: str) -> list[str]:
        listed = groups(QuarantinedParcel.objects.all(), search=text, order="sender", limit=9)
        return [g.calling_ae for g in listed]

    assert found("%") == ["A%B"]
    assert found("_b'\"") == ["A_B'\""]
    assert found("10.81") == ["A%B", "AXB", "A_B'\""]
    assert found("\\") == []


def test_groups_come_in_pages(bank: House) -> None:
    for number in range(5):
        set_aside(bank, number + 1, calling_ae=f"CT{number}")
    rows = QuarantinedParcel.objects.all()
    assert [g.files for g in groups(rows, order="-files", start=0, limit=2)] == [5, 4]
    assert [g.files for g in groups(rows, order="-files", start=2, limit=2)] == [3, 2]
    assert [g.files for g in groups(rows, order="files", limit=2)] == [1, 2]


def test_a_row_that_does_not_wait_has_no_group(bank: House) -> None:
    row = set_aside(bank, state="done")[0]
    assert group_of(QuarantinedParcel.objects.all(), row.pk) is None
    assert group_of(QuarantinedParcel.objects.none(), set_aside(bank)[0].pk) is None


def test_release_gives_the_files_to_an_institution_and_back_to_register(
    bank: House, admin: User, aal: Institution
) -> None:
    rows, other = set_aside(bank, 3), set_aside(bank, calling_ae="OTHER")[0]
    done = release(bank, only_group(rows[0]), by=admin, institution=aal)
    assert (done.files, done.left) == (3, 0)
    assert bank.tray.waiting() == sorted(row.parcel_id for row in rows)
    assert bank.tray.quarantined() == [other.parcel_id]
    for row in rows:
        row.refresh_from_db()
        assert (row.state, row.institution, row.sender) == ("released", aal, None)
        assert (row.decided_by, row.decided_at) == (admin, bank.clock.now())
    entry = Entry.objects.get(action=RELEASE)
    assert (entry.actor, entry.institution, entry.detail["files"]) == ("root.admin", "AAL", 3)
    assert entry.detail["classes"] == {CT: 3}
    assert not Sender.objects.exists()


def test_release_and_register_trusts_the_sender_and_replays_all_of_its(
    bank: House, admin: User, aal: Institution
) -> None:
    first = set_aside(bank, 2)[0]
    set_aside(bank, 2, reason="known-name-other-address")
    set_aside(bank, 1, address="10.9.9.9")
    assert release(bank, only_group(first), by=admin, institution=aal, register=True).files == 4
    assert states() == {"released": 4, "waiting": 1}
    sender = Sender.objects.get()
    assert (sender.ae_title, sender.network) == ("AAL_CT3", "10.81.4.27")
    decided = SenderBook().decide("AAL_CT3", "PLANBANK", "10.81.4.27")
    assert (decided.sender, decided.institution) == (sender, aal)
    assert set(QuarantinedParcel.objects.filter(state="released").values_list("sender", flat=True)) == {
        sender.pk
    }
    assert Entry.objects.filter(action="register sender").count() == 1


def test_a_called_title_is_added_to_the_sender_that_is_known(
    bank: House, admin: User, aal: Institution
) -> None:
    ouh = Institution.objects.create(code="OUH", name="Odense")
    sender = Sender.objects.create(ae_title="AAL_CT3", network="10.81.4.0/24")
    SenderInstitution.objects.create(sender=sender, institution=ouh, called_ae="OUH_PB")
    row = set_aside(bank, reason="no-institution-for-called-ae", called_ae="AAL_PB", sender=sender)[0]
    release(bank, only_group(row), by=admin, institution=aal, register=True)
    assert Sender.objects.count() == 1
    book = SenderBook()
    assert book.decide("AAL_CT3", "AAL_PB", "10.81.4.27").institution == aal
    assert book.decide("AAL_CT3", "OUH_PB", "10.81.4.27").institution == ouh


def test_a_sender_that_was_switched_off_is_switched_on(bank: House, admin: User, aal: Institution) -> None:
    sender = Sender.objects.create(ae_title="AAL_CT3", network="10.81.4.27", is_active=False)
    SenderInstitution.objects.create(sender=sender, institution=aal)
    release(bank, only_group(set_aside(bank)[0]), by=admin, institution=aal, register=True)
    sender.refresh_from_db()
    assert sender.is_active


def test_registering_for_a_second_institution_changes_nothing(
    bank: House, admin: User, aal: Institution
) -> None:
    sender = Sender.objects.create(ae_title="AAL_CT3", network="10.81.4.27", is_active=False)
    SenderInstitution.objects.create(
        sender=sender, institution=Institution.objects.create(code="OUH", name="Odense")
    )
    row = set_aside(bank)[0]
    with pytest.raises(SenderTaken, match="OUH"):
        release(bank, only_group(row), by=admin, institution=aal, register=True)
    sender.refresh_from_db()
    assert states() == {"waiting": 1}
    assert not sender.is_active
    assert not Entry.objects.exists()
    assert bank.tray.waiting() == []


def test_without_institution_only_what_register_can_judge_anew_is_released(bank: House, admin: User) -> None:
    with pytest.raises(ValueError, match="institution"):
        release(bank, only_group(set_aside(bank)[0]), by=admin)
    row = set_aside(bank, reason="unreadable", calling_ae="", address="")[0]
    release(bank, only_group(row), by=admin)
    row.refresh_from_db()
    assert (row.state, row.institution) == ("released", None)


def test_trying_again_keeps_the_institution(bank: House, admin: User, aal: Institution) -> None:
    row = set_aside(bank, reason="malformed", institution=aal)[0]
    release(bank, only_group(row), by=admin)
    row.refresh_from_db()
    assert row.institution == aal


def test_delete_wants_the_true_number(bank: House, admin: User) -> None:
    rows = set_aside(bank, 3)
    with pytest.raises(CountDiffers) as wrong:
        delete(bank, only_group(rows[0]), by=admin, files=2)
    assert wrong.value.files == 3
    assert states() == {"waiting": 3}
    assert len(bank.tray.quarantined()) == 3
    assert delete(bank, only_group(rows[0]), by=admin, files=3).left == 0
    assert states() == {"deleted": 3}
    assert bank.tray.quarantined() == bank.tray.waiting() == []
    entry = Entry.objects.get()
    assert (entry.action, entry.detail["files"], entry.detail["calling_ae"]) == (DELETE, 3, "AAL_CT3")


def test_what_arrives_after_the_question_was_asked_is_not_part_of_the_answer(
    bank: House, admin: User, aal: Institution
) -> None:
    asked = only_group(set_aside(bank, 2)[0])
    late = set_aside(bank)[0]
    delete(bank, only_group(late), by=admin, files=2, upto=asked.last_id)
    assert states() == {"deleted": 2, "waiting": 1}
    set_aside(bank)
    release(bank, only_group(late), by=admin, institution=aal, upto=late.pk)
    assert states() == {"deleted": 2, "released": 1, "waiting": 1}


@pytest.mark.parametrize("second", ["release", "delete"])
def test_the_second_decision_is_told_that_it_came_too_late(
    bank: House, admin: User, aal: Institution, second: str
) -> None:
    group = only_group(set_aside(bank)[0])
    release(bank, group, by=admin, institution=aal)
    with pytest.raises(AlreadyDecided):
        if second == "release":
            release(bank, group, by=admin, institution=aal)
        else:
            delete(bank, group, by=admin, files=1)
    assert states() == {"released": 1}
    assert Entry.objects.count() == 1


def test_of_two_at_once_exactly_one_decides(committed: House) -> None:
    bank = committed
    aal = Institution.objects.create(code="AAL", name="Aalborg")
    people = [User.objects.create_user(f"admin{n}", name=f"Admin {n}", is_site_admin=True) for n in (0, 1)]
    rows = set_aside(bank, 30)
    group = only_group(rows[0])
    together, lost = threading.Barrier(2), []

    def decide(number: int) -> None:
        try:
            together.wait()
            if number:
                delete(bank, group, by=people[1], files=30)
            else:
                release(bank, group, by=people[0], institution=aal)
        except AlreadyDecided:
            lost.append(number)
        finally:
            connection.close()

    threads = [threading.Thread(target=decide, args=(n,)) for n in (0, 1)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(lost) == 1
    winner = 1 - lost[0]
    assert states() == {"deleted" if winner else "released": 30}
    assert set(QuarantinedParcel.objects.values_list("decided_by", flat=True)) == {people[winner].pk}
    assert Entry.objects.count() == 1
    assert len(bank.tray.waiting()) == (0 if winner else 30)
    assert bank.tray.quarantined() == []


def test_a_move_cut_short_is_healed_by_the_next(bank: House) -> None:
    released, deleted, waiting = (set_aside(bank, 2) for _ in range(3))
    QuarantinedParcel.objects.filter(pk__in=[r.pk for r in released]).update(state="released")
    QuarantinedParcel.objects.filter(pk__in=[r.pk for r in deleted]).update(state="deleted")
    assert carry_out(bank, seconds=-1) == 4
    assert len(bank.tray.quarantined()) == 6
    assert carry_out(bank) == 0
    assert bank.tray.waiting() == sorted(r.parcel_id for r in released)
    assert sorted(bank.tray.quarantined()) == sorted(r.parcel_id for r in waiting)


def test_every_reason_that_is_given_has_words() -> None:
    senders = [code for code in get_args(SenderReason) if code]
    for code in [*senders, "unsigned", "unreadable", "damaged", "malformed"]:
        assert REASONS[code].title
        assert REASONS[code].level in ("warn", "bad")
    assert str(reason_in_words("from-the-future").title) == "Set aside"


@settings(max_examples=25)
@given(
    st.lists(
        st.tuples(
            st.sampled_from(["A", "a", "A%", "A\\", "A_"]),
            st.sampled_from(["10.0.0.1", "::1"]),
            st.sampled_from(sorted(REASONS)),
            st.sampled_from(["", "x"]),
        ),
        min_size=1,
        max_size=12,
    )
)
def test_groups_divide_what_waits(bank: House, arrivals: list[tuple[str, str, str, str]]) -> None:
    QuarantinedParcel.objects.all().delete()
    QuarantinedParcel.objects.bulk_create(
        [
            QuarantinedParcel(
                parcel_id=f"{number:032x}",
                calling_ae=ae,
                called_ae=called,
                address=address,
                reason=reason,
                size=1,
                received_at=bank.clock.now(),
            )
            for number, (ae, address, reason, called) in enumerate(arrivals)
        ]
    )
    found = groups(QuarantinedParcel.objects.all(), limit=99)
    seen = [pk for group in found for pk in group.rows().values_list("pk", flat=True)]
    assert sorted(seen) == sorted(QuarantinedParcel.objects.values_list("pk", flat=True))
    for group in found:
        assert group.files == group.rows().count() == sum(group.classes.values()) == group.bytes
        assert group_of(QuarantinedParcel.objects.all(), group.first_id) == group


def test_what_showed_another_certificate_is_another_group(bank: House) -> None:
    """receive.md, rule 7: the certificate is part of who a sender is."""
    set_aside(bank, 2, certificate="ab" * 32)
    set_aside(bank, 1, certificate="cd" * 32)
    set_aside(bank, 3)
    set_aside(bank, 1, reason="malformed", certificate="ab" * 32)
    set_aside(bank, 1, reason="malformed")
    found = {(g.reason, g.certificate): g for g in groups(QuarantinedParcel.objects.all(), limit=9)}
    assert {key: g.files for key, g in found.items()} == {
        ("unknown-sender", "ab" * 32): 2,
        ("unknown-sender", "cd" * 32): 1,
        ("unknown-sender", ""): 3,
        ("malformed", ""): 2,
    }
    for group in found.values():
        assert group.rows().count() == group.files


def test_registering_binds_the_certificate_that_was_shown(bank: House, admin: User, aal: Institution) -> None:
    row = set_aside(bank, 2, certificate="ab" * 32)[0]
    set_aside(bank, 1)  # the same name and address, plain: anybody in that network
    assert release(bank, only_group(row), by=admin, institution=aal, register=True).files == 2
    book = SenderBook()
    assert book.decide("AAL_CT3", "PLANBANK", "10.81.4.27", "ab" * 32).institution == aal
    assert book.decide("AAL_CT3", "PLANBANK", "10.81.4.27").reason == "known-name-other-certificate"


def test_a_new_certificate_of_a_known_sender_is_bound_beside_the_old(
    bank: House, admin: User, aal: Institution
) -> None:
    sender = Sender.objects.create(ae_title="AAL_CT3", network="10.81.4.0/24")
    SenderInstitution.objects.create(sender=sender, institution=aal)
    SenderCertificate.objects.create(sender=sender, fingerprint="ab" * 32, added=bank.clock.now())
    about = {"reason": "known-name-other-certificate", "sender": sender}
    renewed = set_aside(bank, 2, certificate="cd" * 32, **about)[0]
    plain = set_aside(bank, 1, **about)[0]
    other = Institution.objects.create(code="OUH", name="Odense")
    with pytest.raises(SenderTaken, match="AAL"):
        release(bank, only_group(renewed), by=admin, institution=other, register=True)
    with pytest.raises(ValueError, match="without a certificate"):
        release(bank, only_group(plain), by=admin, institution=aal, register=True)
    assert release(bank, only_group(renewed), by=admin, institution=aal, register=True).files == 2
    assert Sender.objects.count() == 1
    assert {c.fingerprint for c in sender.certificates.all()} == {"ab" * 32, "cd" * 32}
