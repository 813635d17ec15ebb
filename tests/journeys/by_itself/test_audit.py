"""An audit from draft to returns, with nobody between: node, link, what comes back (R201, R107 to R109)."""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Iterator
from urllib.parse import urlencode
from urllib.request import HTTPCookieProcessor, build_opener

import pytest
from pydicom import dcmread
from pydicom.dataset import Dataset
from pydicom.uid import generate_uid

from tests.audits.rows import drawn
from tests.journeys.by_itself.bank import ROI, ByItself, images, patient
from tests.services.forward.peers import Receiver

MORE = """
[[sender]]
ae_title = "DCPT_TPS"
network = "127.0.0.0/8"
institution = "DCPT"

[[destination]]
name = "Contours"
institution = "DCPT"
ae_title = "CONTOURS"
host = "127.0.0.1"
port = {port}
tls = false
purpose = "An audit of contours"
"""
COPIES = """
SELECT o.code, c.state, c.id, c.patient_id FROM audits_copy c JOIN audits_observer o ON o.id = c.observer_id
JOIN audits_auditstudy s ON s.id = c.study_id WHERE s.name = 'Pelvis' ORDER BY o.code
"""
RETURNS = """
SELECT r.state, o.code, r.problems FROM audits_return r LEFT JOIN audits_observer o ON o.id = r.observer_id
WHERE r.kind = 'structures' ORDER BY r.id
"""


@pytest.fixture
def node() -> Iterator[Receiver]:
    one = Receiver("CONTOURS").start()
    yield one
    one.stop()


def taken(bank: str, link: str) -> list[Dataset]:
    """What an observer downloads who has no account; the link works once."""
    browser = build_opener(HTTPCookieProcessor())
    with browser.open(link) as answer:
        token = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', answer.read().decode())
    assert token
    body = urlencode({"csrfmiddlewaretoken": token[1]}).encode()
    with browser.open(link, body) as answer:
        data = answer.read()
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        return [dcmread(io.BytesIO(archive.read(name))) for name in archive.namelist()]


def received(node: Receiver) -> list[Dataset]:
    """What the node holds."""
    return [dcmread(io.BytesIO(data), force=True) for _uid, data in node.came]


def test_copies_go_out_and_what_is_drawn_files_itself(works: ByItself, node: Receiver) -> None:
    works.settings(MORE.format(port=node.port))
    objects = patient(78, ROI)
    objects = [*images(objects)[::6], *(ds for ds in objects if ds.Modality != "CT")]
    works.send(objects)
    works.bank.settled()
    works.until(lambda: works.memberships(objects) == 1, "the plan is not filed")
    ((protocol,),) = works.rows("SELECT id FROM protocols_protocol WHERE short_name = 'PROTON'")
    codes = dict(works.rows("SELECT code, id FROM people_institution"))
    ((there,),) = works.rows("SELECT id FROM delivery_destination WHERE name = 'Contours'")
    kaya, at = works.person("kaya"), f"/protocols/{protocol}/audits/"
    told = {"name": "Pelvis", "purpose": "How far do we differ?", "organiser": "Kaya"}
    assert kaya.post(f"{at}new/", **told)[0] == 200
    ((study,),) = works.rows("SELECT id FROM audits_auditstudy WHERE name = 'Pelvis'")
    here = f"{at}{study}/"
    kaya.post(f"{here}cases/", plan=str(works.plan_set(objects)))
    kaya.post(f"{here}observers/", centre=codes["DCPT"], observers="DCPT-1", destination=there)
    mails = "OUH-1 one@ouh.example\nOUH-2 two@ouh.example"
    kaya.post(f"{here}observers/", centre=codes["OUH"], observers=mails)
    before = _counts(works)
    kaya.send_form(here, f"{here}do/open/")
    works.until(
        lambda: (
            [row[:2] for row in works.rows(COPIES)]
            == [("DCPT-1", "accepted"), ("OUH-1", "made"), ("OUH-2", "made")]
        ),
        "the copies are not out",
    )
    copies = {code: (pk, patient_id) for code, _state, pk, patient_id in works.rows(COPIES)}
    kaya.send_form(f"{here}copies/{copies['OUH-1'][0]}/", f"{here}copies/{copies['OUH-1'][0]}/link/")
    works.until(lambda: works.mails_to("one@ouh.example", "/copies/"), "no link was mailed")
    path = re.search(r"/copies/[\w-]{43}/", works.mails_to("one@ouh.example", "/copies/")[0])
    assert path
    mine, theirs = taken(works.bank.url, f"{works.bank.url}{path[0]}"), received(node)
    assert not {ds.SOPInstanceUID for ds in mine} & {ds.SOPInstanceUID for ds in theirs}
    assert {ds.PatientID for ds in mine} == {copies["OUH-1"][1]}
    assert kaya.get(path[0])[0] == 410, "once"

    # A structure named as a trigger of the protocol is drawn too: nothing fires.
    works.send([drawn(theirs, ("Bladder", ROI))], "DCPT_TPS")
    works.send([drawn(mine)])
    works.send([drawn(mine, StructureSetLabel="OUH-2")])
    works.send([drawn(mine, FrameOfReferenceUID=generate_uid())])
    works.send([drawn(theirs)])
    works.bank.settled()
    works.until(lambda: len(works.rows(RETURNS)) == 5, "not all came back")
    found = [(state, code, [one["code"] for one in told]) for state, code, told in works.rows(RETURNS)]
    assert found[0][:2] == ("filed", "DCPT-1") and found[1][:2] == ("filed", "OUH-1")
    assert [(state, told[0]) for state, _code, told in found[2:]] == [
        ("to decide", "wrong-copy"),
        ("to decide", "frame-changed"),
        ("to decide", "wrong-copy"),
    ]
    assert _counts(works) == before, "no patient, plan set, member or firing came of it"
    page = kaya.get(here)[1]
    assert page.count("Wrong copy") >= 2 and "new frame of reference" in page
    assert [row[:2] for row in works.rows(COPIES)][:2] == [("DCPT-1", "returned"), ("OUH-1", "returned")]


def _counts(works: ByItself) -> list[int]:
    tables = ("catalogue_patientfile", "catalogue_planset", "protocols_membership", "protocols_firing")
    return [works.rows(f"SELECT count(*) FROM {table}")[0][0] for table in (*tables, "catalogue_instance")]
