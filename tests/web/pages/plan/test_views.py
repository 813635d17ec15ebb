"""One plan on a page: what it says, who may see it, what is noted; plot, CSV and page agree."""

from __future__ import annotations

import csv
import re
from io import StringIO
from typing import TYPE_CHECKING, Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from planbank.catalogue.models import Calculation, Dvh, PlanSet, Roi
from planbank.journal.models import Entry
from tests.catalogue.plan_rows import PlanRows
from tests.made import thinned
from tests.sending import register_sender
from tests.services.running import run_everything
from tests.services.test_order import send

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from django.test import Client

    from planbank.house import House
    from planbank.people.models import User

    ClientOf = Callable[[User | None], Client]
    PersonOf = Callable[[str], User]


@pytest.fixture
def rows(bank: House, now: datetime) -> PlanRows:
    return PlanRows(now)


@pytest.fixture
def anna(rows: PlanRows, client_of: ClientOf, person_of: PersonOf) -> Client:
    """Somebody of AUH."""
    return client_of(person_of("AUH"))


def csv_of(client: Client, url: str) -> list[dict[str, str]]:
    answer = client.get(url)
    assert answer.status_code == 200 and answer["Cache-Control"] == "no-store"
    return list(csv.DictReader(StringIO(b"".join(answer.streaming_content).decode()[1:], newline="")))


def urls(pk: int) -> list[str]:
    return [f"/plans/{pk}/", f"/plans/{pk}/?format=csv", f"/plans/{pk}/dvh.json"]


def without_own_address(page: str) -> str:
    return re.sub(r'name="(csrfmiddlewaretoken|next)" value="[^"]*"', "", page)


def test_anonymous_is_sent_to_the_sign_in(bank: House, client_of: ClientOf) -> None:
    for url in urls(1):
        assert client_of(None).get(url).status_code == 302


def test_hidden_and_absent_answer_alike(
    rows: PlanRows, anna: Client, client_of: ClientOf, site_admin: User
) -> None:
    theirs = rows.whole_plan("OUH")
    for hidden, absent in zip(urls(theirs.pk), urls(999_999), strict=True):
        answers = [anna.get(hidden), anna.get(absent), client_of(site_admin).get(hidden)]
        assert [answer.status_code for answer in answers] == [404, 404, 404]
        assert without_own_address(answers[0].text) == without_own_address(answers[1].text)
    assert not Entry.objects.filter(object_kind="plan set").exists()


def test_the_page_says_what_came_and_what_it_means(rows: PlanRows, anna: Client) -> None:
    plan_set = rows.whole_plan(label="Mam sin LK")
    page = anna.get(f"/plans/{plan_set.pk}/").text
    for words in ["Mam sin LK", "Holm, Mette", "AUH", "1 November 2026", "All well", "Approved"]:
        assert words in page
    for words in ["Received", "Registered", "Analysed", "Linked", "DVH ready", "slab-1"]:
        assert words in page
    for words in ["PTV_bryst", "Hjerte", "50 Gy in 25", "Arc 1", "181 to 179°", "214.6", "Eclipse"]:
        assert words in page
    for words in ["All resolved", "RTSTRUCT", "3 slices", "plan, used"]:
        assert words in page


def test_each_view_is_noted_once(rows: PlanRows, anna: Client) -> None:
    plan_set = rows.whole_plan()
    anna.get(f"/plans/{plan_set.pk}/")
    anna.get(f"/plans/{plan_set.pk}/dvh.json")
    csv_of(anna, f"/plans/{plan_set.pk}/?format=csv")
    noted = Entry.objects.order_by("id").values_list("action", "object_kind", "object_id", "institution")
    assert list(noted) == [
        ("view", "plan set", str(plan_set.pk), "AUH"),
        ("take out list", "plan set", str(plan_set.pk), "AUH"),
    ]


def test_page_csv_and_plot_show_the_same_rois_and_numbers(rows: PlanRows, anna: Client) -> None:
    plan_set = rows.whole_plan()
    for query, names in {
        "": ["PTV_bryst", "Hjerte"],
        "show=all": ["PTV_bryst", "Hjerte", "Couch", "LAD"],
    }.items():
        answer = anna.get(f"/plans/{plan_set.pk}/?{query}")
        shown = answer.context["table"].shown
        assert [row.roi.name for row in shown] == names
        listed = csv_of(anna, f"/plans/{plan_set.pk}/?format=csv&{query}")
        assert [row["ROI name"] for row in listed] == names
        for row, line in zip(shown, listed, strict=True):
            for said, head in [(row.mean, "Mean"), (row.max, "Max"), (row.d95, "D95%"), (row.d2cc, "D2cc")]:
                assert said == (f"{float(line[head]):.2f}" if line[head] else "-")
        curves = anna.get(f"/plans/{plan_set.pk}/dvh.json?{query}").json()["curves"]
        drawn = {str(row.roi.number) for row in shown if row.has_dose}
        assert set(curves) == drawn
    assert listed[-1]["Why there is no value"] == "no contours"


def test_in_danish_numbers_carry_a_comma_where_people_and_spreadsheets_read_them(
    rows: PlanRows, client_of: ClientOf, person_of: PersonOf
) -> None:
    """... and a point where the browser draws (R79)."""
    plan_set = rows.whole_plan()
    client = client_of(person_of("AUH"))
    client.defaults["HTTP_ACCEPT_LANGUAGE"] = "da"
    page = client.get(f"/plans/{plan_set.pk}/").text
    assert "30,00" in page and "30.00" not in page
    drawn = re.findall(r"<(?:svg|rect|text|path|polygon|line|image)[^>]*>", page)
    numbers = [
        value for tag in drawn for value in re.findall(r'(?:width|height|x|y|x1|d|viewBox)="([^"]*)"', tag)
    ]
    assert numbers and not any("," in value for value in numbers)
    answer = client.get(f"/plans/{plan_set.pk}/?format=csv")
    first = b"".join(answer.streaming_content).decode().splitlines()[1]
    assert ";30,0;" in first
    assert client.get(f"/plans/{plan_set.pk}/dvh.json").json()["curves"]["1"]["cc"] == 100


def test_the_plots_curves_are_thin_and_end_where_the_stored_ones_end(rows: PlanRows, anna: Client) -> None:
    plan_set = rows.whole_plan()
    answer = anna.get(f"/plans/{plan_set.pk}/dvh.json")
    assert answer["Cache-Control"] == "no-store"
    found = answer.json()
    assert found["unit"] == "Gy" and found["to"] == 51.0
    curve = found["curves"]["1"]
    assert len(curve["gy"]) == len(curve["pc"]) <= 400
    assert (curve["gy"][0], curve["pc"][0], curve["pc"][-1], curve["cc"]) == (0, 100, 0, 100)
    assert curve["gy"][-1] == pytest.approx(50.0, abs=0.02)


def test_the_address_chooses_dose_row_view_and_order(rows: PlanRows, anna: Client) -> None:
    plan_set = rows.whole_plan()
    first = Calculation.objects.get()
    second = rows.calculation(
        plan_set, first.structure_set, rows.add_dose(plan_set, "BEAM", "EFFECTIVE"),
        algorithm="slab-1", calculated_at=rows.at,
    )  # fmt: skip
    for roi in Roi.objects.filter(is_empty=False):
        rows.dvh(second, roi, mean_gy=12.34)
    url = f"/plans/{plan_set.pk}/?dose={second.pk}&roi=2&sort=-name"
    answer = anna.get(url)
    assert [row.roi.name for row in answer.context["table"].shown] == ["PTV_bryst", "Hjerte"]
    page = answer.text
    assert "12.34" in page and "biologically effective dose, Gy(RBE)" in page
    assert "Mean, Gy" not in page and "Mean, Gy" in anna.get(f"/plans/{plan_set.pk}/").text
    assert page.count('class="chosen"') == 1
    assert f"dose={first.pk}" in page
    assert anna.get(f"/plans/{plan_set.pk}/dvh.json?dose={second.pk}").json()["unit"] == "Gy(RBE)"
    numbers = anna.get(f"/plans/{plan_set.pk}/?view=table").text
    assert "Per cent of the volume" in numbers and "dvh.js" not in numbers


@pytest.mark.parametrize("query", ["dose=x&roi=%00&sort=%27&show=%3Cu%3Ex&view=9&findings=1", "dose=999999"])
def test_what_does_not_fit_in_the_address_counts_as_not_given(
    rows: PlanRows, anna: Client, query: str
) -> None:
    plan_set = rows.whole_plan()
    answer = anna.get(f"/plans/{plan_set.pk}/?{query}")
    assert answer.status_code == 200
    assert answer.context["calculation"] == Calculation.objects.get()
    assert "<u>x" not in answer.text


def test_older_algorithms_stay_out_of_the_page(rows: PlanRows, anna: Client) -> None:
    plan_set = rows.whole_plan()
    old = Dvh.objects.get(roi__name="Hjerte")
    rows.dvh(old.calculation, old.roi, algorithm="slab-0", mean_gy=77.77)
    assert "77.77" not in anna.get(f"/plans/{plan_set.pk}/").text


@pytest.mark.parametrize(
    ("what", "says"),
    [
        ("nothing", "No dose received"),
        ("dose", "The DVH waits for the structure set"),
        ("due", "The DVH is being calculated"),
    ],
)
def test_without_dvh_it_says_what_it_waits_for(rows: PlanRows, anna: Client, what: str, says: str) -> None:
    plan_set = rows.plan_set(rows.file(sent_id="1"))
    rows.add_plan(plan_set)
    if what != "nothing":
        dose = rows.add_dose(plan_set)
    if what == "due":
        calculation = rows.calculation(plan_set, rows.add_structures(plan_set, "PTV"), dose)
        rows_of_work(calculation)
    answer = anna.get(f"/plans/{plan_set.pk}/")
    assert says in answer.text
    assert "uplot" not in answer.text.split("<body")[1] and "dvh.js" not in answer.text
    assert anna.get(f"/plans/{plan_set.pk}/dvh.json").status_code == 404


def rows_of_work(calculation: Calculation) -> None:
    from planbank.pipeline.models import Outcome
    from planbank.pipeline.registry import SERVICES

    Outcome.objects.create(
        service="calculate", subject_kind="calculation", subject_id=calculation.pk, lane="x", state="due",
        version=SERVICES["calculate"].version, due_at=calculation.structure_set.version.first_received_at,
    )  # fmt: skip


def test_a_structure_set_without_plan(rows: PlanRows, anna: Client) -> None:
    plan_set = rows.plan_set(rows.file(sent_id="1"), kind="structure set", label="", technique="")
    rows.add_structures(plan_set, "GTV:GTV", means="itself")
    page = anna.get(f"/plans/{plan_set.pk}/").text
    assert "Structure set without plan" in page and "Structure set without label" in page
    assert "Prescription and beams" not in page
    assert "GTV" in page and "Contours" in page


def test_findings_open_and_closed(rows: PlanRows, anna: Client) -> None:
    plan_set = rows.whole_plan()
    about = {"subject_kind": "plan set", "subject_id": plan_set.pk}
    rows.finding(plan_set.patient_file, "images-missing", params={"missing": 2, "of": 9}, **about)
    rows.finding(plan_set.patient_file, "no-dose-received", closed_at=rows.at, **about)
    page = anna.get(f"/plans/{plan_set.pk}/").text
    assert "2 of 9 images" in page and "What is safe" in page and "Please look" in page
    assert "No dose received" not in page and "One earlier finding is closed" in page
    assert "No dose received" in anna.get(f"/plans/{plan_set.pk}/?findings=closed").text
    assert "Not all here" in page


def test_names_from_outside_stay_text(rows: PlanRows, anna: Client) -> None:
    evil = '"><script>alert(1)</script>'
    plan_set = rows.whole_plan(label=evil)
    Roi.objects.filter(name="Hjerte").update(name=evil)
    page = anna.get(f"/plans/{plan_set.pk}/").text
    assert "<script>alert" not in page
    assert page.count("&lt;script&gt;alert") >= 2


def test_the_cost_does_not_grow_with_rois_and_doses(rows: PlanRows, anna: Client) -> None:
    small, large = rows.whole_plan(), rows.whole_plan(sent_id="2")
    calculation = Calculation.objects.get(plan_sets=large)
    for n in range(20, 60):
        roi = Roi.objects.create(structure_set=calculation.structure_set, number=n, name=f"ROI {n}")
        rows.dvh(calculation, roi)
    for _n in range(5):
        dose = rows.add_dose(large, "BEAM")
        rows.calculation(large, calculation.structure_set, dose)
    counts = []
    for plan_set in (small, large):
        with CaptureQueriesContext(connection) as queries:
            assert anna.get(f"/plans/{plan_set.pk}/").status_code == 200
        counts.append(len(queries))
    assert counts[0] == counts[1] <= 40


def test_many_doses_become_a_list_to_choose_from(rows: PlanRows, anna: Client) -> None:
    plan_set = rows.whole_plan()
    structures = Calculation.objects.get().structure_set
    for _n in range(4):
        rows.calculation(plan_set, structures, rows.add_dose(plan_set))
    page = anna.get(f"/plans/{plan_set.pk}/").text
    assert page.count("<option") == 5


def test_the_plans_of_a_patient_as_part_of_another_page(rows: PlanRows, anna: Client) -> None:
    plan_set = rows.whole_plan(label="Mam sin")
    page = anna.get(f"/patients/{plan_set.patient_file_id}/").text
    assert f'href="/plans/{plan_set.pk}/"' in page and "DVH ready" in page
    empty = rows.file(sent_id="2")
    assert "No plan and no structure set" in anna.get(f"/patients/{empty.pk}/").text


@pytest.mark.parametrize("site", ["prostate", "proton"])
def test_a_patient_that_came_through_the_services(
    bank: House, client_of: ClientOf, person_of: PersonOf, site: str
) -> None:
    register_sender("OUH")
    for ds in thinned(site):
        send(bank, ds)
    run_everything(bank)
    client = client_of(person_of("OUH"))
    plan_set = PlanSet.objects.get()
    answer = client.get(f"/plans/{plan_set.pk}/?show=all")
    steps = {step.title: step for step in answer.context["steps"]}
    assert steps["DVH ready"].state == "ok"
    assert answer.context["ready"] and answer.context["table"].drawn
    danish = client.get(f"/plans/{plan_set.pk}/", headers={"Accept-Language": "da"}).text
    for page in (answer.text, danish):
        assert re.search(r'<image [^>]*height="[0-9.]+"', page)
    listed = csv_of(client, f"/plans/{plan_set.pk}/?format=csv&show=all")
    assert len(listed) == Roi.objects.count()
    assert {line["Dose unit"] for line in listed} == {"Gy(RBE)" if site == "proton" else "Gy"}
    listing: Any = client.get("/plans/")
    assert [row.facts.dose for row in listing.context["rows"]] == ["ready"]
