"""Forwarded to the proton centre, once, whatever comes again (R193)."""

from __future__ import annotations

import re

from pydicom.dataset import Dataset

from tests.gate.raw_peer import IMPLICIT
from tests.journeys.by_itself.bank import HALF_AN_HOUR, OUH, ByItself, images, patient
from tests.sending import encoded


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
        "filed": works.memberships(objects),
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
    assert len(works.mails_of_receipt(OUH, link)) == 1 and works.memberships(objects) == 1
    query = (
        "SELECT count(*) FROM bank_messages_event WHERE kind = 'trigger-failed' AND params->>'trigger' = %s"
    )
    assert works.rows(query, "TO_NOBODY") == [(1,)]
