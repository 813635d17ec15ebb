"""What days bring by themselves: permissions lapse, data in no protocol age (R199, R200)."""

from __future__ import annotations

import re
from datetime import timedelta

from tests.journeys.by_itself.bank import ROI, ByItself, images, patient


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
