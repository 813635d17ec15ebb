"""The bank works by itself: R192 to R195, R199, R200 with the ways they go wrong, over real sockets.

One running bank for all of them: its processes, an SMTP server, a DICOM node to forward to, a clock that
is set forward. Each journey has its own patients and may run alone or after any other.
"""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from datetime import timedelta

import pytest
from pydicom.dataset import Dataset

from tests.gate.raw_peer import IMPLICIT
from tests.journeys import by_itself
from tests.journeys.by_itself import HALF_AN_HOUR, ROI, ByItself, images, patient
from tests.sending import encoded

OUH, VLE, KAYA = "tps@ouh.example", "tps@vle.example", "kaya@bank.example"


@pytest.fixture(scope="module")
def works(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ByItself]:
    with by_itself.running(tmp_path_factory.mktemp("by-itself")) as works:
        yield works


def memberships(works: ByItself, objects: list[Dataset]) -> int:
    """How many rows file this plan in a protocol: its plan."""
    uid = next(ds.SOPInstanceUID for ds in objects if ds.Modality == "RTPLAN")
    query = "SELECT count(*) FROM protocols_membership WHERE sop_instance_uid = %s AND removed_at IS NULL"
    return int(works.rows(query, str(uid))[0][0])


def test_send_and_forget(works: ByItself) -> None:
    """R192: filed within seconds, a green receipt, DVHs, no mail; nobody signed in."""
    objects = patient(21, ROI)
    works.send(objects[:-1])
    works.bank.settled()
    works.send(objects[-1:])
    begun = time.monotonic()
    works.until(lambda: memberships(works, objects), "not filed")
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
    assert memberships(works, objects) == 0
    assert len(works.mails_of_receipt(address, link)) == 1
    reader = works.person("mette" if calling == "DEMO_TPS" else "vera")
    assert says in reader.get(f"/plans/{works.plan_set(objects)}/")[1]
    if calling == "VLE_TPS":
        query = "SELECT params->>'reason' FROM bank_messages_event WHERE kind = 'trigger-failed'"
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
    assert memberships(works, objects) == 1
    assert "No dose received" in works.mails_of_receipt(OUH, link)[0]
    works.send(dose)
    works.bank.settled()
    works.later(minutes=HALF_AN_HOUR)
    works.until(lambda: works.receipt(objects)[1:] == ("ok", True), "not green")
    works.bank.settled()
    assert len(works.mails_of_receipt(OUH, link)) == 1


def state(works: ByItself, objects: list[Dataset]) -> dict[str, object]:
    """All that people see of one plan, and what was done for it."""
    plan_set = works.plan_set(objects)
    uids = [str(ds.SOPInstanceUID) for ds in objects]
    number, word, final = works.receipt(objects)
    versions = "SELECT count(*) FROM catalogue_instance WHERE sop_instance_uid = ANY(%s)"
    dvhs = (
        "SELECT count(*) FROM catalogue_dvh d JOIN catalogue_calculation_plan_sets p USING (calculation_id) "
        "WHERE p.planset_id = %s"
    )
    findings = (
        "SELECT code FROM catalogue_finding WHERE subject_kind = 'plan set' AND subject_id = %s "
        "AND closed_at IS NULL ORDER BY code"
    )
    firings = "SELECT outcome FROM protocols_firing WHERE subject_uid = ANY(%s)"
    deliveries = (
        "SELECT d.state, count(*) FROM delivery_delivery d JOIN catalogue_instanceversion v "
        "ON v.id = d.version_id WHERE v.sop_instance_uid = ANY(%s) GROUP BY 1"
    )
    return {
        "receipt": (number, word, final),
        "instances": works.rows(versions, uids),
        "dvhs": works.rows(dvhs, plan_set),
        "findings": works.rows(findings, plan_set),
        "filed": memberships(works, objects),
        "firings": works.rows(firings, uids),
        "deliveries": works.rows(deliveries, uids),
        "told": len(works.mails_of_receipt(OUH, f"/receipts/{number}/")),
    }


def test_forwarded_once_whatever_comes_again(works: ByItself) -> None:
    """R193: a node that is down, images 20 minutes late, a re-export, sent again at six months: one mail."""
    objects = patient(31, "TO_THE_NODE")
    late = images(objects)[20:23]
    works.send([ds for ds in objects if ds not in late])
    works.bank.settled()
    works.later(minutes=20)
    works.send(late)
    works.bank.settled()
    query = "SELECT id, state FROM delivery_forward WHERE subject_uid = %s"
    plan = str(next(ds.SOPInstanceUID for ds in objects if ds.Modality == "RTPLAN"))
    ((forward, held),) = works.rows(query, plan)
    kaya = works.person("kaya")
    assert held == "held" and works.node.came == [], "model.md: the first of a centre waits for one click"
    works.node.stop()
    assert kaya.send_form(f"/forwarding/{forward}/", f"/forwarding/{forward}/release/")[0] == 200
    destination = "SELECT failures FROM delivery_destination WHERE name = 'Protons'"
    works.until(lambda: works.rows(destination) >= [(2,)], "it was not tried")
    works.later(minutes=10)
    works.node.start()
    whole = {str(ds.SOPInstanceUID): encoded(ds) for ds in objects}
    works.until(lambda: len(works.node.came) >= len(whole), "not everything was delivered")
    works.later(minutes=HALF_AN_HOUR)
    works.until(lambda: works.receipt(objects)[1:] == ("ok", True), "no green receipt")
    link = f"/receipts/{works.receipt(objects)[0]}/"
    works.until(lambda: works.mails_to(OUH, link, "Passed on to Protons"), "nobody was told")
    works.bank.settled()
    assert sorted(works.node.came) == sorted(whole.items()), "each object once, byte for byte"
    n = len(whole)
    assert f"{n} of {n}" in re.sub(
        r"<[^>]+>|\s+", " ", works.person("mette").get(f"/forwarding/{forward}/")[1]
    )
    before = state(works, objects)
    assert before["told"] == 1 and before["deliveries"] == [("delivered", n)]
    journalled = "SELECT detail FROM journal_entry WHERE action = 'forwarded' AND detail->>'forward' = %s"
    ((detail,),) = works.rows(journalled, str(forward))
    assert detail["destination"] == "Protons" and detail["objects"] == n

    works.send(objects, syntax=IMPLICIT)
    works.bank.settled()
    works.later(days=183)
    works.settings()
    works.send(objects)
    works.bank.settled()
    works.later(minutes=HALF_AN_HOUR)
    works.bank.settled()
    works.until(lambda: _is_quiet(works, objects), "it never became quiet")
    assert state(works, objects) == before
    assert len(works.node.came) == n, "nothing goes twice"


def _is_quiet(works: ByItself, objects: list[Dataset]) -> bool:
    """Every service has looked since the last arrival and the quiet time after it."""
    uid = next(ds.SOPInstanceUID for ds in objects if ds.Modality == "RTPLAN")
    query = (
        "SELECT count(*) FROM pipeline_outcome o JOIN catalogue_planset p "
        "ON o.lane = 'patient file ' || p.patient_file_id WHERE p.sop_instance_uid = %s AND o.state <> 'done'"
    )
    return works.rows(query, str(uid)) == [(0,)]


def test_no_agreement_is_refused_with_its_reason(works: ByItself) -> None:
    """R193, R89: filed but not forwarded; the centre's receipt and the key user's event say why."""
    objects = patient(32, "TO_NOBODY")
    objects = [*images(objects)[::6], *(ds for ds in objects if ds.Modality != "CT")]
    works.send(objects)
    works.until(lambda: works.receipt(objects)[0], "no receipt")
    link = f"/receipts/{works.receipt(objects)[0]}/"
    works.until(lambda: works.mails_to(OUH, link, "no signed agreement"), "nobody was told")
    works.bank.settled()
    assert len(works.mails_of_receipt(OUH, link)) == 1 and memberships(works, objects) == 1
    query = (
        "SELECT count(*) FROM bank_messages_event WHERE kind = 'trigger-failed' AND params->>'trigger' = %s"
    )
    assert works.rows(query, "TO_NOBODY") == [(1,)]


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


def test_a_permission_lapses_and_is_renewed(works: ByItself) -> None:
    """R199: told at 30, 7 and 1 days; ends; the refusal names whom to ask; the key user renews."""
    works.settings()
    day = (works.now().date() + timedelta(days=29)).isoformat()
    works.bank.apply(GRANT.format(user="lars", role="reader", protocol="PROTON", until=day))
    lars, kaya = works.person("lars"), works.person("kaya")
    ((protocol,),) = works.rows("SELECT id FROM protocols_protocol WHERE short_name = 'PROTON'")
    token = works.bank.planbank("token", "lars", "--purpose", "a journey").split()[-1]
    api = "/api/v1/plan-sets?protocol=PROTON"
    assert works.api(api, token)[0] == 200
    page = f"/protocols/{protocol}/"
    assert lars.get(page)[0] == 200
    address = "lars@bank.example"
    for told, days in enumerate((0, 23, 6, 2), 1):
        works.later(days=days)
        works.while_time_flies(
            lambda told=told: len(works.mails_to(address, "Reader", "PROTON")) >= told, f"{days}: not told"
        )
    assert len(works.mails_to(address, "Reader", "PROTON")) == 4
    status, said = lars.get(page)
    assert status == 403 and "Kaya Key" in said
    status, said = works.api(api, token)
    assert status == 403 and "Kaya Key" in said, "the token says the same"
    assert lars.get("/account/")[0] == 200, "the account stays"
    ((grant,),) = works.rows(
        "SELECT g.id FROM access_grant g JOIN people_user u ON u.id = g.user_id WHERE u.username = 'lars'"
    )
    mark = re.search(rf'name="only" value="({grant} [^"]+)"', kaya.get(f"/grants/{grant}/")[1])
    assert mark
    kaya.send_form(f"/grants/{grant}/", "/grants/renew/", only=mark[1].replace("&#x2B;", "+"))
    assert lars.get(page)[0] == 200 and works.api(api, token)[0] == 200


def test_the_last_key_user_is_told_of_before_it_happens(works: ByItself) -> None:
    """R199: the administrators hear of a protocol that will have nobody."""
    works.settings(LONELY)
    day = (works.now().date() + timedelta(days=20)).isoformat()
    works.bank.apply(GRANT.format(user="lone", role="key-user", protocol="LONELY", until=day))
    works.while_time_flies(
        lambda: works.mails_to("admin@bank.example", "LONELY has no key user"), "nobody was told"
    )


def test_data_in_no_protocol_age_and_go(works: ByItself) -> None:
    """R200: told 30 and 7 days before, with what can be done; gone after 180; the log and counts remain."""
    objects = patient(61)
    rt = [ds for ds in objects if ds.Modality != "CT"]
    works.send([*images(objects)[::11], *rt], "VLE_TPS")
    works.bank.settled()
    kept = patient(62, ROI)
    works.send([*images(kept)[::11], *(ds for ds in kept if ds.Modality != "CT")])
    works.bank.settled()
    vera, address = works.person("vera"), "vera@vle.example"
    works.later(days=150, hours=1)
    works.while_time_flies(lambda: works.mails_to(address, "are deleted from"), "not warned at 150 days")
    ((file,),) = works.rows(
        "SELECT patient_file_id FROM catalogue_planset WHERE id = %s", works.plan_set(objects)
    )
    one = vera.get(f"/unassigned/{file}/")
    assert one[0] == 200 and "30 days" in one[1]
    works.later(days=23)
    works.while_time_flies(
        lambda: len(works.mails_to(address, "are deleted from")) == 2, "not warned at 173 days"
    )
    works.later(days=8)
    gone = "SELECT count(*) FROM catalogue_instance WHERE sop_instance_uid = ANY(%s)"
    uids = [str(ds.SOPInstanceUID) for ds in objects]
    works.until(lambda: works.rows(gone, uids) == [(0,)], "still there")
    assert vera.get(f"/unassigned/{file}/")[0] == 404
    entries = "SELECT count(*) FROM journal_entry WHERE object_kind = 'patient file' AND object_id = %s"
    assert works.rows(entries, str(file))[0][0] > 0
    there = [str(ds.SOPInstanceUID) for ds in kept if ds.Modality != "CT"]
    assert works.rows(gone, there) == [(len(there),)], "what stands in a protocol stays"


GRANT = """
[[grant]]
user = "{user}"
role = "{role}"
protocol = "{protocol}"
see = "pseudonymised"
until = {until}
"""
LONELY = """
[[protocol]]
short_name = "LONELY"
title = "One key user"
kind = "demo"
purpose = "To show it"
legal_basis = "None needed"
controllers = ["Region"]
contacts = [{name = "Lone Last", role = "key user", email = "lone@bank.example"}]
status = "active"
"""
