"""A project has its own names over what was approved for it (R38, R78, R207).

Its rules change nothing in the protocol, which keeps its own; what was not approved is not there.
"""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.test import Client
from django.urls import reverse

from planbank.naming.queries.dictionaries import dictionary_of
from planbank.protocols.actions.reusing import approve, revoke_reuse
from planbank.protocols.levels import See, TakeOut
from planbank.protocols.models import Project, ReuseRequest, StructureType
from tests.naming.trial import Trial


@pytest.fixture
def project(trial: Trial) -> Project:
    """HEART may use HN-19, pseudonymised."""
    row = trial.rows.project("HEART")
    asked = trial.rows.reuse(
        row, trial.protocol, take_out=TakeOut.PSEUDONYMISED, state="asked", decided_at=None
    )
    approve(trial.act, asked, asked.revision, "as agreed")
    return row


@pytest.fixture
def browser(trial: Trial, project: Project, client_of: Callable[..., Client]) -> Client:
    user = trial.key_user_of(project)
    trial.rows.grant(user, "exporter", project, see=See.PSEUDONYMISED, take_out=TakeOut.PSEUDONYMISED)
    return client_of(user)


def url(project: Project, name: str, *more: int) -> str:
    return reverse(f"project-{name}", args=[project.pk, *more])


def rule(project: Project, entry: str, type_: str) -> dict[str, object]:
    kind = StructureType.objects.get_or_create(project=project, name=type_)[0]
    edition = dictionary_of(project).edition
    return {"entry": entry, "type": kind.pk, "institution": "", "edition": edition}


def table(browser: Client, project: Project) -> list[str]:
    answer = browser.get(url(project, "statistics-csv"), {"metrics": "Dmean"})
    return b"".join(answer).decode().splitlines()  # type: ignore[arg-type]


def test_r78_names_matrix_statistics_and_csv_of_a_project(
    trial: Trial, project: Project, browser: Client
) -> None:
    trial.calculated("AUH", "0101010001")
    trial.rule("Hjerte", "Cor")
    trial.rows.whole_plan("VLE", "0202020002")
    page = browser.get(url(project, "matrix"))
    assert page.status_code == 200
    assert "No structure type yet" in page.text
    page = browser.post(url(project, "dictionary"), rule(project, "Hjerte", "Heart"), follow=True)
    assert "Saved." in page.text
    page = browser.get(url(project, "matrix"), {"institution": ""})
    assert "Heart" in page.text
    assert ">Cor<" not in page.text
    assert "VLE" not in page.text
    assert "0101010001" not in page.text
    page = browser.get(url(project, "statistics"), {"metrics": "Dmean"})
    assert page.status_code == 200
    assert "Heart" in page.text
    lines = table(browser, project)
    assert len(lines) == 2
    assert "Hjerte" in lines[1]
    assert "0101010001" not in lines[1]
    assert trial.entries() == ["Hjerte"]
    assert not trial.protocol.structure_types.filter(name="Heart").exists()


def test_the_tabs_lead_through_the_project_and_no_further(
    trial: Trial, project: Project, browser: Client
) -> None:
    trial.calculated("AUH", "0101010001")
    browser.post(url(project, "dictionary"), rule(project, "Hjerte", "Heart"))
    for name in ("dictionary", "dictionary-history", "dictionary-unmapped", "matrix", "statistics"):
        page = browser.get(url(project, name))
        assert page.status_code == 200, name
        assert f'href="/protocols/{trial.protocol.pk}' not in page.text, name
        assert f'href="{reverse("project", args=[project.pk])}"' in page.text, name
    assert browser.get(reverse("dictionary", args=[trial.protocol.pk])).status_code == 404


def test_rules_of_a_protocol_in_use_are_copied_with_their_types(
    trial: Trial, project: Project, browser: Client
) -> None:
    trial.rule("Hjerte", "Heart")
    trial.rule("Cor*", "Heart", "AUH")
    page = browser.get(url(project, "dictionary-copy"), {"source": trial.protocol.pk})
    assert "2 rules are taken over." in page.text
    body = {"source": trial.protocol.pk, "edition": dictionary_of(project).edition}
    page = browser.post(url(project, "dictionary-copy"), body, follow=True)
    assert "The rules of HN-19 are here." in page.text
    kept = dictionary_of(project).rules.filter(ended_in__isnull=True)
    assert sorted(kept.values_list("entry", flat=True)) == ["Cor*", "Hjerte"]
    browser.post(url(project, "dictionary-undo", dictionary_of(project).edition))
    assert not kept.exists()


def test_what_is_kept_is_the_projects_and_a_revoked_approval_leaves_nothing(
    trial: Trial, project: Project, browser: Client
) -> None:
    trial.calculated("AUH", "0101010001")
    browser.post(url(project, "dictionary"), rule(project, "Hjerte", "Heart"))
    asked = {"name": "Heart doses", "metrics": "Dmean"}
    page = browser.post(url(project, "statistics-save"), asked, follow=True)
    assert "Heart doses" in page.text
    assert not trial.protocol.saved_requests.exists()
    row = project.saved_requests.get()
    browser.post(url(project, "statistics-drop", row.pk))
    browser.post(url(project, "statistics-back", row.pk))
    assert project.saved_requests.filter(ended_at__isnull=True).get() == row
    reuse = ReuseRequest.objects.get()
    revoke_reuse(trial.act, reuse, reuse.revision, "enough")
    page = browser.get(url(project, "matrix"), {"institution": ""})
    assert "No plan with structures yet" in page.text
    assert len(table(browser, project)) == 1
