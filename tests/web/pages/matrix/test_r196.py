"""R196: names reconciled as in Figures 4 and 5, page by page, by somebody who never saw the plans."""

from __future__ import annotations

import re

from django.test import Client
from django.urls import reverse

from planbank.catalogue.models import PlanSet
from planbank.catalogue.names import note_names
from tests.naming.trial import Trial

OUH, AUH = 18, 12


def _text(browser: Client, name: str, trial: Trial, **asked: object) -> str:
    return browser.get(reverse(name, args=[trial.protocol.pk]), asked).content.decode()


def _typed(trial: Trial, entry: str, type_: str, institution: str = "") -> dict[str, object]:
    trial.dictionary.refresh_from_db()
    where = trial.rows.institution(institution).pk if institution else ""
    return {
        "entry": entry,
        "type": trial.type(type_).pk,
        "institution": where,
        "edition": trial.dictionary.edition,
    }


def _plan(trial: Trial, code: str, sent_id: str, *names: str) -> PlanSet:
    """A plan whose names are noted, as analysis does: those of five patients may be shown to anybody."""
    plan = trial.plan(code, sent_id, *names)
    note_names(plan.members.get(role="structure set").instance.current_version, names)
    return plan


def _save(browser: Client, trial: Trial, typed: dict[str, object]) -> None:
    browser.post(reverse("dictionary", args=[trial.protocol.pk]), typed)


def test_r196_reconcile_names(trial: Trial, browser: Client) -> None:
    for name in ("body", "ctv1"):
        trial.type(name)
    two, one = ("CTV 1", "CTV-68"), ("CTV 1",)
    plans = [_plan(trial, "OUH", f"01010100{n:02d}", "Opstregning", *(one if n else two)) for n in range(OUH)]
    for n in range(AUH):
        _plan(trial, "AUH", f"02020201{n:02d}", "Yderkontur", "CTV 1", "CTV-N", "CTV50")
    body = trial.type("body")

    page = _text(browser, "matrix", trial)
    assert f"OUH ({OUH} plans from {OUH} patients)" in page
    assert f"0/{OUH + AUH}" in page
    panel = _text(browser, "matrix", trial, cell=f"{plans[1].pk}-{body.pk}")
    assert "Opstregning" in panel

    rule = _typed(trial, "Opstregning", "body", "OUH")
    preview = _text(browser, "dictionary", trial, **rule)
    centres = re.findall(r'<th scope="row">(\w+)</th><td class="num">(\d+)</td>', preview)
    assert centres == [("OUH", str(OUH))], "what it newly catches, by centre"
    assert trial.entries() == []
    _save(browser, trial, rule)
    assert f"{OUH}/{OUH + AUH}" in _text(browser, "matrix", trial), "the column fills; Aarhus is unchanged"

    wide = _text(browser, "dictionary", trial, **_typed(trial, "CTV*", "ctv1"))
    for name in ("CTV 1", "CTV-N", "CTV50"):
        assert name in wide, "every name it newly catches, before it is saved"
    assert "AUH" in wide
    assert trial.entries() == ["Opstregning"]

    _save(browser, trial, _typed(trial, "CTV 1", "ctv1"))
    _save(browser, trial, _typed(trial, "CTV-68", "ctv1"))
    ctv = trial.type("ctv1")
    double = _text(browser, "matrix", trial, cell=f"{plans[0].pk}-{ctv.pk}")
    assert "Found several times" in double
    version = plans[0].members.get(role="structure set").instance.current_version
    chosen = version.structureset.rois.get(name="CTV-68")
    wish = {"plan_set": plans[0].pk, "type": ctv.pk, "roi": chosen.pk, "verdict": "use"}
    browser.post(reverse("matrix-choose", args=[trial.protocol.pk]), wish)
    assert "chosen by hand" in _text(browser, "matrix", trial, cell=f"{plans[0].pk}-{ctv.pk}")
    answer = browser.get(reverse("matrix", args=[trial.protocol.pk]), {"format": "csv"})
    sheet = b"".join(answer).decode()  # type: ignore[arg-type]
    assert len(sheet.strip().splitlines()) == 1 + OUH + AUH
    assert trial.entries() == ["CTV 1", "CTV-68", "Opstregning"]
    names = version.structureset.rois.values_list("name", flat=True)
    assert {"Opstregning", "CTV-68", "CTV 1"} <= set(names), "raw names are as they were"
