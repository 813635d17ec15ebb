"""A trigger ROI files a plan, nobody signs in, and the ways it goes wrong (R192)."""

from __future__ import annotations

import time

import pytest

from tests.journeys.by_itself.bank import HALF_AN_HOUR, OUH, ROI, VLE, ByItself, images, patient


def test_send_and_forget(works: ByItself) -> None:
    """R192: filed within seconds, a green receipt, DVHs, no mail; nobody signed in."""
    objects = patient(21, ROI)
    works.send(objects[:-1])
    works.bank.settled()
    works.send(objects[-1:])
    begun = time.monotonic()
    works.until(lambda: works.memberships(objects), "not filed")
    filed = time.monotonic() - begun
    works.bank.settled()
    calculated = time.monotonic() - begun
    works.later(minutes=HALF_AN_HOUR)
    begun = time.monotonic()
    works.until(lambda: works.receipt(objects)[1:] == ("ok", True), "no green receipt")
    print(f"R192: filed {filed:.1f} s after the structure set, DVHs and all {calculated:.1f} s,", end=" ")
    print(f"receipt {time.monotonic() - begun:.1f} s after the quiet time")
    number, *_ = works.receipt(objects)
    assert works.rows("SELECT hands FROM catalogue_receipt WHERE id = %s", number) == [(0,)], "R150"
    page = works.person("kaya").get(f"/plans/{works.plan_set(objects)}/")[1]
    assert "DVH" in page and "No dose received" not in page
    said = works.person("mette").get(f"/receipts/{number}/")[1]
    assert "The image set is complete" in said and "Filed in PROTON" in said
    assert works.mails_of_receipt(OUH, f"/receipts/{number}/") == [], "green waits for the digest"


@pytest.mark.parametrize(
    ("seed", "roi", "drawn", "calling", "says"),
    [
        (22, ROI, True, "DEMO_TPS", "has contours"),
        (23, "DBCG_PROTN", False, "DEMO_TPS", f"looks like {ROI}"),
        (24, ROI, False, "VLE_TPS", "does not take part"),
    ],
)
def test_what_is_wrong_with_a_trigger_is_told_at_once_and_once(
    works: ByItself, seed: int, roi: str, drawn: bool, calling: str, says: str
) -> None:
    """R192 a to c: not filed; one mail to the centre, before the quiet time; the key user is told of c."""
    objects = patient(seed, roi, drawn=drawn)
    objects = [*images(objects)[::6], *(ds for ds in objects if ds.Modality != "CT")]
    works.send(objects, calling)
    address = {"DEMO_TPS": OUH, "VLE_TPS": VLE}[calling]
    works.until(lambda: works.receipt(objects)[0], "no receipt")
    link = f"/receipts/{works.receipt(objects)[0]}/"
    works.until(lambda: works.mails_of_receipt(address, link), "nobody was told")
    works.bank.settled()
    assert works.memberships(objects) == 0
    assert len(works.mails_of_receipt(address, link)) == 1
    reader = works.person("mette" if calling == "DEMO_TPS" else "vera")
    assert says in reader.get(f"/plans/{works.plan_set(objects)}/")[1]
    if calling == "VLE_TPS":
        query = (
            "SELECT params->>'reason' FROM bank_messages_event e JOIN people_institution i "
            "ON i.id = e.institution_id WHERE e.kind = 'trigger-failed' AND i.code = 'VLE'"
        )
        assert works.rows(query) == [("no-centre",)], "R89: both are told"


def test_without_its_dose_it_waits_and_is_amber(works: ByItself) -> None:
    """R192 d: filed, amber, one mail; the dose makes it green and needs no other."""
    objects = patient(25, ROI)
    dose = [ds for ds in objects if ds.Modality == "RTDOSE"]
    works.send([ds for ds in objects if ds.Modality != "RTDOSE"])
    works.bank.settled()
    works.later(minutes=HALF_AN_HOUR)
    works.until(lambda: works.receipt(objects)[1:] == ("warn", True), "no amber receipt")
    link = f"/receipts/{works.receipt(objects)[0]}/"
    works.until(lambda: works.mails_of_receipt(OUH, link), "nobody was told")
    assert works.memberships(objects) == 1
    assert "No dose received" in works.mails_of_receipt(OUH, link)[0]
    works.send(dose)
    works.bank.settled()
    works.later(minutes=HALF_AN_HOUR)
    works.until(lambda: works.receipt(objects)[1:] == ("ok", True), "not green")
    works.bank.settled()
    assert len(works.mails_of_receipt(OUH, link)) == 1
