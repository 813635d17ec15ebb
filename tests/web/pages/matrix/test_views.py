"""The matrix page: rows, counts, the panel of a cell, choices, CSV (R62 to R66)."""

from __future__ import annotations

from django.test import Client
from django.urls import reverse

from planbank.catalogue.models import PlanSet
from tests.naming.trial import Trial


def _url(trial: Trial, name: str = "matrix") -> str:
    return reverse(name, args=[trial.protocol.pk])


def _two_plans(trial: Trial) -> tuple[PlanSet, PlanSet]:
    trial.rule("Medulla*", "Cord")
    trial.type("Body")
    return (
        trial.plan("AUH", "0101010001", "Medulla", "Medulla PRV", "Couch", "(Iso)"),
        trial.plan("OUH", "0101010002", "Medulla"),
    )


def test_r62_selector_counts_and_cells(trial: Trial, browser: Client) -> None:
    _two_plans(trial)
    page = browser.get(_url(trial)).content.decode()
    assert "AUH (1 plan from 1 patient)" in page
    assert "found 2 times" in page
    assert "2/2" in page
    assert "0101010001" not in page
    only = browser.get(_url(trial), {"institution": trial.rows.institution("OUH").pk}).content.decode()
    assert "found 2 times" not in only


def test_rows_with_gaps_and_doubles(trial: Trial, browser: Client) -> None:
    _two_plans(trial)
    assert "With doubles 1" in browser.get(_url(trial)).content.decode()
    page = browser.get(_url(trial), {"show": "doubles"}).content.decode()
    assert page.count('scope="row"') == 1


def test_r63_the_panel_of_a_cell_and_a_choice_with_undo(trial: Trial, browser: Client) -> None:
    plan, _other = _two_plans(trial)
    cord = trial.type("Cord")
    page = browser.get(_url(trial), {"cell": f"{plan.pk}-{cord.pk}"}).content.decode()
    assert "Found several times" in page
    assert "Medulla*".replace("*", "") in page
    version = plan.members.get(role="structure set").instance.current_version
    roi = version.structureset.rois.get(name="Medulla PRV")
    wish = {"plan_set": plan.pk, "type": cord.pk, "roi": roi.pk, "verdict": "exclude"}
    page = browser.post(_url(trial, "matrix-choose"), wish, follow=True).content.decode()
    assert "Found once" in page
    assert "chosen by hand" in page
    edition = trial.dictionary.editions.first()
    assert edition is not None
    browser.post(reverse("dictionary-undo", args=[trial.protocol.pk, edition.number]))
    page = browser.get(_url(trial), {"cell": f"{plan.pk}-{cord.pk}"}).content.decode()
    assert "Found several times" in page


def test_forged_cells_and_choices_lead_nowhere(trial: Trial, browser: Client) -> None:
    plan, _other = _two_plans(trial)
    stranger = trial.rows.whole_plan("VLE", "0101010009")
    cord = trial.type("Cord")
    for cell in ("x", "1-2-3", f"{stranger.pk}-{cord.pk}", f"{plan.pk}-99999", "-"):
        assert browser.get(_url(trial), {"cell": cell}).status_code == 200
    for wish in (
        {"plan_set": stranger.pk, "type": cord.pk, "verdict": "union"},
        {"plan_set": plan.pk, "type": 0, "verdict": "union"},
        {"plan_set": plan.pk, "type": cord.pk, "verdict": "use"},
        {"plan_set": plan.pk, "type": cord.pk, "verdict": "drop table"},
    ):
        assert browser.post(_url(trial, "matrix-choose"), wish).status_code == 404
    assert not trial.dictionary.choices.exists()


def test_the_csv_holds_what_the_cells_show(trial: Trial, browser: Client) -> None:
    _two_plans(trial)
    lines = b"".join(browser.get(_url(trial), {"format": "csv"})).decode().splitlines()  # type: ignore[arg-type]
    assert lines[0].endswith("Submitting institution,Body,Cord")
    assert sorted(line.rsplit(",", 3)[1:] for line in lines[1:]) == [["AUH", "0", "2"], ["OUH", "0", "1"]]


def test_an_empty_protocol_says_the_next_step(trial: Trial, browser: Client) -> None:
    assert "Open the dictionary" in browser.get(_url(trial)).content.decode()
    trial.type("Cord")
    assert "No plan with structures yet" in browser.get(_url(trial)).content.decode()


def test_what_is_made_of_others_has_its_column_and_says_what_it_lacks(trial: Trial, browser: Client) -> None:
    whole, lacking = _two_plans(trial)
    trial.rule("Couch", "Body")
    both = trial.type("Together", expression="Cord + Body")
    page = browser.get(_url(trial), {"institution": ""}).text
    assert "Together" in page
    said = browser.get(_url(trial), {"institution": "", "cell": f"{lacking.pk}-{both.pk}"}).text
    assert "Cannot be made" in said
    assert "Not found in this plan: Body." in said
    said = browser.get(_url(trial), {"institution": "", "cell": f"{whole.pk}-{both.pk}"}).text
    assert "Found several times: Cord. Choose one." in said
    body = b"".join(browser.get(_url(trial), {"institution": "", "format": "csv"}))  # type: ignore[arg-type]
    assert body.decode().splitlines()[0].endswith("Body,Cord,Together")
