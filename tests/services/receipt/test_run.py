"""Receipts: after quiet, once, in plain words, without a patient (R34, R152, R192; model.md, receipts)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from copy import deepcopy
from dataclasses import replace
from datetime import datetime, timedelta
from random import Random

import pytest
from pydicom.dataset import Dataset

from planbank.catalogue.models import Instance, Receipt
from planbank.house import FixedClock, House
from planbank.messages.models import Event, Message, SenderNotices
from planbank.people.models import Sender
from planbank.pipeline.drain import overdue
from planbank.protocols.models import Membership, Protocol
from planbank.services.notify import notify_once
from planbank.services.receipt.words import headline, rows_of
from tests.made import made, thinned
from tests.mail_server import Taken, mail_server
from tests.protocols.rows import ProtocolRows
from tests.sending import register_sender
from tests.services.notify.conftest import with_mail
from tests.services.running import run_everything
from tests.services.test_order import send
from tests.services.trigger.test_run import NAME, make, with_roi

QUIET = timedelta(minutes=31)
TO = "physics@ouh.example"


@pytest.fixture
def taken() -> Taken:
    return Taken()


@pytest.fixture
def posting(bank: House, taken: Taken) -> Iterator[House]:
    """A bank of OUH whose sender has a contact, with mail."""
    register_sender("OUH")
    SenderNotices.objects.create(sender=Sender.objects.get(), recipients=[TO])
    with mail_server(taken) as port:
        yield with_mail(bank, port)


@pytest.fixture
def brain(posting: House, now: datetime) -> Protocol:
    rows = ProtocolRows(now - timedelta(days=1))
    protocol = rows.protocol("PROTON")
    rows.centre(protocol, "OUH")
    make(protocol, now)
    return protocol


def arrive(house: House, objects: list[Dataset], seed: int = 3) -> None:
    """Each object over an association of its own, in any order."""
    shuffled = list(objects)
    Random(seed).shuffle(shuffled)
    for number, ds in enumerate(shuffled):
        send(house, ds, association=f"{number:032x}")
        if number % 25 == 24:
            run_everything(house)
    run_everything(house)


def later(house: House, by: timedelta = QUIET) -> House:
    """The house after a while, with all done that was put off to then, and all mails sent."""
    moved = replace(house, clock=FixedClock(house.clock.now() + by))
    for _turn in range(3):
        overdue(moved, timedelta(0))
        run_everything(moved)
        moved = replace(moved, clock=FixedClock(moved.clock.now() + timedelta(seconds=5)))
    notify_once(moved)
    return moved


def whole(site: str = "prostate") -> list[Dataset]:
    """A patient with nothing missing."""
    return made(site, seed=11)


def texts(taken: Taken) -> list[str]:
    return [part.get_content() for mail in taken.mails for part in mail.walk() if not part.is_multipart()]


def test_a_plan_set_waits_for_quiet_and_then_says_what_came(posting: House, taken: Taken) -> None:
    arrive(posting, thinned("prostate"))
    receipt = Receipt.objects.get()
    assert (receipt.state, receipt.lines, taken.mails) == ("waiting", [], [])
    later(posting)
    receipt.refresh_from_db()
    assert receipt.state == "warn" and receipt.objects_held == Instance.objects.count()
    titles = [row.title for row in rows_of(receipt)]
    said = [title for title in titles if "images" in title and "are missing" in title]
    assert len(said) == 1 and not any("have not been received" in title for title in titles), titles
    assert any("arrived and are stored" in title for title in titles)
    assert headline(receipt).startswith("Safely received.")
    (mail,) = taken.mails
    assert mail["To"] == TO and mail["Subject"].startswith("[Please look] Receipt 17 Nov")
    assert Event.objects.filter(kind="needs-you").count() == 1


def test_one_mail_whatever_comes_later_that_changes_nothing(
    posting: House, brain: Protocol, taken: Taken
) -> None:
    """Late images, a re-export, the same set again after six months: the same state and one mail."""
    objects = with_roi(thinned("prostate"))
    images = [ds for ds in objects if ds.Modality == "CT"]
    arrive(posting, [ds for ds in objects if ds.Modality != "CT"])
    house = later(posting, timedelta(minutes=20))
    assert taken.mails == [], "nothing is told while more may come"
    arrive(house, images)
    house = later(house)
    (mail,) = taken.mails
    receipt = Receipt.objects.get()
    before, members = receipt.lines, Membership.objects.count()

    again = deepcopy(objects)
    for ds in again:
        ds.InstanceCreationDate, ds.InstanceCreationTime = "20261118", "101010"
    arrive(house, again, seed=9)
    house = later(house)
    arrive(later(house, timedelta(days=182)), objects, seed=5)
    later(later(house, timedelta(days=183)))
    receipt.refresh_from_db()
    assert [line["code"] for line in receipt.lines] == [line["code"] for line in before]
    assert Membership.objects.count() == members
    assert taken.mails == [mail], [m["Subject"] for m in taken.mails]
    assert Event.objects.filter(kind__in=["needs-you", "received"]).count() == 1


def test_a_plan_set_without_fault_makes_no_mail_and_says_that_all_is_well(
    posting: House, brain: Protocol, taken: Taken
) -> None:
    """Green is for the digest (model.md)."""
    arrive(posting, with_roi(whole()))
    later(posting)
    receipt = Receipt.objects.get()
    assert receipt.state == "ok", receipt.lines
    codes = {line["code"] for line in receipt.lines}
    assert {"stored", "images-complete", "linked", "filed"} <= codes
    assert headline(receipt) == "Safely received. All is well."
    assert receipt.fine_at is not None and receipt.hands == 0
    assert taken.mails == [] and Event.objects.filter(kind="received").count() == 1


def test_a_wrong_trigger_is_told_at_once_and_what_is_found_later_answers_it(
    posting: House, brain: Protocol, taken: Taken
) -> None:
    arrive(posting, with_roi(thinned("prostate"), drawn=True))
    notify_once(posting)
    (first,) = taken.mails
    assert "has contours" in texts(taken)[0]
    for words in ("have not been received", "are missing"):
        assert words not in texts(taken)[0], "images may still be on their way"
    later(posting)
    _first, second = taken.mails
    assert second["In-Reply-To"] == first["Message-ID"] and second["Subject"].startswith("Re: ")
    assert Receipt.objects.count() == 1


def test_what_is_mended_closes_without_a_mail_and_is_told_again_when_it_comes_back(
    posting: House, taken: Taken
) -> None:
    objects = whole()
    arrive(posting, [ds for ds in objects if ds.Modality != "RTDOSE"])
    house = later(posting)
    assert len(taken.mails) == 1 and "No dose received" in texts(taken)[0]
    arrive(house, [ds for ds in objects if ds.Modality == "RTDOSE"])
    later(house)
    receipt = Receipt.objects.get()
    assert receipt.state == "ok" and receipt.told == []
    assert len(taken.mails) == 1


def test_no_mail_names_the_patient_the_plan_or_a_name_as_sent(posting: House, taken: Taken) -> None:
    """Planted names in every text of the set: none of them leaves the bank (R33)."""
    objects = [ds for ds in thinned("prostate") if ds.Modality != "RTDOSE"]
    for ds in objects:
        ds.PatientName, ds.PatientID = "Zebrafink^Quirin", "0101501234"
        ds.StudyDescription = ds.SeriesDescription = "zebrafink study"
        if "RTPlanLabel" in ds:
            ds.RTPlanLabel, ds.RTPlanName = "Zebrafink p1", "zebrafink"
        for roi in ds.get("StructureSetROISequence", []):
            roi.ROIName = f"zebrafink {roi.ROINumber}"
    arrive(posting, objects)
    later(posting)
    assert taken.mails
    raw = " ".join([*texts(taken), *(str(mail) for mail in taken.mails)]).lower()
    assert "zebrafink" not in raw and "0101501234" not in raw
    assert not re.search(r"\b1\.2\.\d+(\.\d+){3,}", raw), "no UID"
    row = Message.objects.get()
    assert f"/receipts/{Receipt.objects.get().pk}/" in row.text


def test_without_a_contact_nobody_is_mailed_and_nothing_fails(bank: House, taken: Taken) -> None:
    register_sender("OUH")
    with mail_server(taken) as port:
        house = with_mail(bank, port)
        arrive(house, thinned("prostate"))
        later(house)
    assert taken.mails == [] and Receipt.objects.get().state == "warn"


def test_old_data_are_no_news(posting: House, taken: Taken) -> None:
    """A bank that takes up receipts mails nobody about what came long ago."""
    arrive(posting, thinned("prostate"))
    Receipt.objects.all().delete()
    later(posting, timedelta(days=30))
    assert Receipt.objects.get().state == "warn" and taken.mails == []


def test_the_mail_speaks_the_language_of_who_reads_it(posting: House, taken: Taken) -> None:
    from planbank.people.models import User

    User.objects.create_user("mette", name="Mette", email=TO, language="da")
    arrive(posting, thinned("prostate"))
    later(posting)
    (mail,) = taken.mails
    assert mail["Subject"].startswith("[Se efter] Kvittering")


def test_the_roi_of_a_trigger_is_told_in_the_mail(posting: House, brain: Protocol, taken: Taken) -> None:
    arrive(posting, with_roi(thinned("prostate"), "DBCG_PROTN"))
    notify_once(posting)
    assert f"looks like {NAME}" in texts(taken)[0]
