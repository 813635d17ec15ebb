"""Unknown senders are let in by people; missing images are named and mended (R194, R195)."""

from __future__ import annotations

import re

from tests.journeys.by_itself.bank import HALF_AN_HOUR, OUH, ByItself, images, patient


def test_an_unknown_sender_is_let_in_by_the_administrator(works: ByItself) -> None:
    """R194: set aside, seen by nobody else, registered to Aalborg, imported as theirs."""
    objects = images(patient(41))[:4]
    works.send(objects, "NEW_SCANNER")
    admin, anna, mette = (works.person(name) for name in ("admin", "anna", "mette"))
    works.until(lambda: "NEW_SCANNER" in admin.get("/quarantine/")[1], "nothing in quarantine")
    works.bank.settled()
    shown = admin.get("/quarantine/")[1]
    name = str(objects[0].PatientName).split("^")[0]
    assert "4 CT images" in shown and name not in shown and str(objects[0].PatientID) not in shown
    assert "NEW_SCANNER" not in anna.get("/arrivals/")[1] + mette.get("/arrivals/")[1]
    assert name not in anna.get("/patients/")[1]
    query = "SELECT min(id) FROM catalogue_quarantinedparcel WHERE calling_ae = 'NEW_SCANNER'"
    ((pk,),) = works.rows(query)
    ((aal,),) = works.rows("SELECT id FROM people_institution WHERE code = 'AAL'")
    upto = re.search(r'name="upto" value="(\d+)"', admin.get(f"/quarantine/{pk}/release/")[1])
    assert upto
    fields = {"upto": upto[1], "institution": str(aal), "register": "on"}
    admin.post(f"/quarantine/{pk}/release/", **fields)
    works.until(lambda: name in anna.get("/patients/")[1], "it was not imported")
    assert name not in mette.get("/patients/")[1], "Aalborg's, and nobody else's"
    works.send(images(patient(41))[4:5], "NEW_SCANNER")
    works.bank.settled()
    ((known,),) = works.rows(
        "SELECT count(*) FROM catalogue_submission s JOIN people_sender p ON p.id = s.sender_id "
        "WHERE p.ae_title = 'NEW_SCANNER'"
    )
    assert known == 5, "it is trusted from now on"


def test_a_known_name_from_another_address_is_not_trusted(works: ByItself) -> None:
    """R194: set aside, alarmed, nothing of it imported."""
    (one,) = images(patient(42))[:1]
    works.send([one], "ELSEWHERE_TPS")
    admin = works.person("admin")
    works.until(lambda: "ELSEWHERE_TPS" in admin.get("/quarantine/")[1], "nothing in quarantine")
    works.bank.settled()
    assert works.rows(
        "SELECT count(*) FROM catalogue_instance WHERE sop_instance_uid = %s", str(one.SOPInstanceUID)
    ) == [(0,)]
    works.until(
        lambda: (
            works.rows("SELECT count(*) FROM bank_messages_event WHERE kind = 'known-name-other-address'")
            == [(1,)]
        ),
        "no alarm",
    )


def test_missing_slices_are_named_and_mended_by_sending_them(works: ByItself) -> None:
    """R195: where two are missing is in receipt and mail; an hour later they come, and one mail it was."""
    objects = patient(51)
    missing = images(objects)[20:22]
    works.send([ds for ds in objects if ds not in missing])
    works.bank.settled()
    works.later(minutes=HALF_AN_HOUR)
    works.until(lambda: works.receipt(objects)[1:] == ("warn", True), "no amber receipt")
    link = f"/receipts/{works.receipt(objects)[0]}/"
    works.until(lambda: works.mails_of_receipt(OUH, link), "nobody was told")
    mette = works.person("mette")
    for page in (link, f"/plans/{works.plan_set(objects)}/"):
        assert "2 of 44 images are missing near z" in mette.get(page)[1], page
    works.later(minutes=60 - HALF_AN_HOUR)
    works.send(missing)
    works.bank.settled()
    works.later(minutes=HALF_AN_HOUR)
    works.until(lambda: works.receipt(objects)[1:] == ("ok", True), "not green")
    works.bank.settled()
    assert "The image set is complete" in mette.get(link)[1]
    assert len(works.mails_of_receipt(OUH, link)) == 1


def test_uneven_spacing_cannot_be_told(works: ByItself) -> None:
    """R195: a scan whose spacing changes by design is not called incomplete."""
    objects = patient(52)
    feet = float(images(objects)[0].ImagePositionPatient[2])
    for n, ds in enumerate(images(objects)):
        x, y, _z = ds.ImagePositionPatient
        ds.ImagePositionPatient = [x, y, round(feet + n * 3 + 0.07 * n * n, 2)]
    scan = [ds for ds in objects if ds.Modality in ("CT", "RTPLAN")]
    works.send(scan)
    works.bank.settled()
    works.later(minutes=HALF_AN_HOUR)
    uid = str(images(objects)[0].SeriesInstanceUID)
    query = (
        "SELECT k.verdict FROM catalogue_imagestack k JOIN catalogue_series s ON s.id = k.series_id "
        "WHERE s.series_instance_uid = %s AND k.is_final"
    )
    works.until(lambda: works.rows(query, uid), "no verdict")
    assert works.rows(query, uid) == [("cannot tell",)]
