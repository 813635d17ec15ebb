"""R133, R205: the database is lost; archive, keys and a settings export give the same bank again."""

from __future__ import annotations

import hashlib
import json
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest

from planbank.demo.patients import make_patient, part10
from tests.journeys.live import SITE, Browser, Live, trial

ROI, PASSWORD = "DBCG_TRIAL", "correct horse battery staple"
SETTINGS = (
    SITE
    + trial("OUH", ROI)
    + f"""
[[structure_type]]
protocol = "TRIAL"
name = "Heart"

[[structure_type]]
protocol = "TRIAL"
name = "Lungs"

[[dictionary_rule]]
protocol = "TRIAL"
entry = "He*"
type = "Heart"

[[dictionary_rule]]
protocol = "TRIAL"
entry = "*Lung*"
type = "Lungs"

[[grant]]
user = "mette"
role = "reader"
protocol = "TRIAL"
see = "identified"
take_out = "pseudonymised"
until = {date.today() + timedelta(days=300)}
"""
)
# What a bank is to those who use it; row numbers of what is calculated are nobody's.
TELL = """
import json
from planbank import boot
from planbank.config import load
boot.build(load(), "command")
from planbank.catalogue.models import Dvh, Instance, Member, PlanSet, Receipt, Submission
from planbank.journal.models import Entry
from planbank.pipeline.models import Pause
from planbank.protocols.models import Enrolment, Membership
def rows(query, *names):
    return sorted(map(list, query.values_list(*names)), key=str)
uid = "sop_instance_uid"
print(json.dumps({
    "memberships": rows(Membership.objects, "instance__" + uid, "series__series_instance_uid", "removed_at"),
    "enrolments": rows(Enrolment.objects, "pseudonym", "state", "via"),
    "plan sets": rows(PlanSet.objects, uid, "kind", "patient_file__sent_id"),
    "members": rows(Member.objects, "plan_set__" + uid, "instance__" + uid, "series__series_instance_uid"),
    "instances": rows(Instance.objects, uid, "current_version__content_hash", "series__series_instance_uid"),
    "submissions": rows(Submission.objects, "parcel_id", "relation", "received_at", "sender__ae_title"),
    "dvhs": rows(Dvh.objects, "roi__structure_set__version__" + uid, "roi__name", "volume_cc", "mean_gy"),
    "numbers": rows(Membership.objects, "pk", "patient_file", "series", "instance", "added_at"),
    "receipts": rows(Receipt.objects, "pk", "state", "lines"),
    "journal": rows(Entry.objects, "pk", "action", "seal"),
    "held": sorted(Pause.objects.values_list("service", flat=True)),
}, default=str))
"""


@pytest.fixture(scope="module")
def live(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Live]:
    live = Live(tmp_path_factory.mktemp("live") / "home")
    live.env["PLANBANK_QUIET_MINUTES"] = "0.02"
    live.up()
    try:
        live.apply(SETTINGS)
        yield live
    finally:
        live.down()


def tell(live: Live) -> dict[str, Any]:
    done = subprocess.run([sys.executable, "-c", TELL], env=live.env, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def sheets(mette: Browser) -> dict[str, str]:
    """The matrix and the CSV of the protocol, as a person gets them: hashes."""
    _status, page = mette.get("/protocols/1/statistics/")
    types = sorted(set(re.findall(r'name="type" value="(\d+)"', page)))
    assert len(types) == 2
    asked = "&".join(f"type={pk}" for pk in types) + "&metrics=Volume%2CDmean%2CD2cc"
    status, csv = mette.get(f"/protocols/1/statistics/table.csv?{asked}")
    assert (status, csv.count("\n") > 2) == (200, True)
    status, matrix = mette.get("/protocols/1/matrix/")
    cells = re.findall(r"<td[^>]*>(.*?)</td>", matrix, re.DOTALL)
    assert (status, len(cells) > 2) == (200, True)
    drawn = " ".join(re.sub(r"<[^>]+>|\s+", " ", cell) for cell in cells)
    return {
        name: hashlib.sha256(text.encode()).hexdigest() for name, text in (("csv", csv), ("matrix", drawn))
    }


def send(live: Live, site: str, seed: int, folder: Path, roi: str = "") -> None:
    folder.mkdir()
    for number, ds in enumerate(make_patient(site, seed=seed, institution="OUH", trigger_roi=roi).objects):
        (folder / f"{number:04d}.dcm").write_bytes(part10(ds))
    live.planbank("send", str(folder), "--to", f"127.0.0.1:{live.dicom_port}", "--calling", "DEMO_TPS")


@pytest.fixture(scope="module")
def export(live: Live, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A bank with plans in a trial and one that is in none, and its settings in a file."""
    folder = tmp_path_factory.mktemp("sent")
    send(live, "breast", 11, folder / "a", ROI)
    send(live, "head-and-neck", 12, folder / "b")
    live.settled(deep=True)
    file = folder / "settings.planbank"
    said = live.planbank("settings", "export", str(file))
    assert "sealed for" in said
    return file


def test_the_same_bank_again(live: Live, export: Path, tmp_path: Path) -> None:
    """R205: what came after the export is found in the archive; matrix, CSV and memberships are identical."""
    then = tell(live)
    live.set_password("mette", PASSWORD)
    send(live, "breast", 13, tmp_path / "c", ROI)
    live.settled(deep=True)
    before, drawn = tell(live), sheets(live.sign_in("mette", PASSWORD))
    assert len(before["memberships"]) > len(then["memberships"]) > 0
    live.down()
    refused = live.run("rebuild", str(export))
    assert (refused.returncode, "This bank is not empty. Nothing was changed" in refused.stderr) == (1, True)
    shutil.rmtree(live.home / "pg")

    said = live.planbank("rebuild", str(export))
    assert f"{len(before['submissions']) - len(then['submissions'])} arrivals registered" in said
    assert live.planbank("rebuild").startswith("archive: 0 arrivals registered"), "safe to run twice"
    live.up()
    live.settled(120)
    after = tell(live)
    for name in ("memberships", "enrolments", "plan sets", "members", "instances", "submissions", "dvhs"):
        assert after[name] == before[name], name
    exported = ("numbers", "receipts", "journal")
    kept = {name: [row for row in after[name] if row in then[name]] for name in exported}
    assert kept == {name: then[name] for name in kept}, "with the numbers they had; nothing is told twice"
    assert after["held"] == ["clean", "export", "forward", "hand_out", "push", "receipt"]
    # The password was chosen after the export: it is lost with the database, its link is not.
    live.set_password("mette", PASSWORD)
    assert sheets(live.sign_in("mette", PASSWORD)) == drawn
    said = live.run("check", "--deep").stdout
    assert "All well" in said, said
