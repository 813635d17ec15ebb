"""Plans for analysis: the rule, who needs a choice, choosing with a reason and the way back (R159)."""

from __future__ import annotations

from django.test import Client
from django.urls import reverse

from planbank.catalogue.models import PlanSet
from tests.naming.trial import Trial


def url(trial: Trial, name: str = "analysis") -> str:
    return reverse(name, args=[trial.protocol.pk])


def text(browser: Client, address: str, **asked: object) -> str:
    answer = browser.get(address, asked)
    assert answer.status_code == 200
    return answer.content.decode()


def two_plans(trial: Trial) -> tuple[PlanSet, PlanSet]:
    first = trial.plan("AUH", "0101010001", "Hjerte")
    plan = trial.rows.rt_object(first.patient_file, "RTPLAN")
    second = trial.rows.plan_set(first.patient_file, sop_instance_uid=plan.sop_instance_uid)
    trial.rows.member(second, "plan", "itself", instance=plan)
    trial.rows.add_structures(second, "Hjerte")
    plans = (first, trial.rows.join(trial.protocol, second))
    for row, label, date in zip(plans, ("First", "Again"), ("20260301", "20260301"), strict=True):
        PlanSet.objects.filter(pk=row.pk).update(label=label, plan_date=date, approval="APPROVED")
    return plans


def test_r159_a_rule_is_shown_before_it_is_set_and_who_needs_a_choice_is_listed(
    trial: Trial, browser: Client
) -> None:
    first, _second = two_plans(trial)
    trial.plan("OUH", "0101010002", "Hjerte")
    assert "no rule was set" in text(browser, url(trial))
    page = text(browser, url(trial), rule="latest approved")
    assert "would need a choice" in page and trial.protocol.analysis_rules.count() == 0
    browser.post(url(trial, "analysis-rule"), {"rule": "latest approved", "seen": ""})
    page = text(browser, url(trial))
    assert "1 patient needs a choice." in page and "Several plans are of the same day." in page
    assert "0101010001" not in page
    answer = browser.post(url(trial, "analysis-rule"), {"rule": "latest", "seen": ""}, follow=True)
    assert "Somebody set another rule meanwhile" in answer.content.decode()

    choose = url(trial, "analysis-choose")
    answer = browser.post(choose, {"plan_set": first.pk, "take": [first.pk], "reason": ""})
    assert "Say why." in answer.content.decode()
    answer = browser.post(
        choose, {"plan_set": first.pk, "take": [first.pk], f"fractions-{first.pk}": "-3", "reason": "x"}
    )
    assert "above 0" in answer.content.decode()
    browser.post(choose, {"plan_set": first.pk, "take": [first.pk], "reason": "the one that was given"})
    page = text(browser, url(trial), show="hand")
    assert "chosen by hand: the one that was given" in page
    assert "the one that was given" in text(browser, choose, plan_set=first.pk)
    browser.post(f"{url(trial, 'analysis-undo')}?plan_set={first.pk}")
    assert "1 patient needs a choice." in text(browser, url(trial))


def test_a_plan_that_is_not_there_is_not_found(trial: Trial, browser: Client) -> None:
    for odd in ("x", "999999", "9" * 30):
        assert browser.get(url(trial, "analysis-choose"), {"plan_set": odd}).status_code == 404


def test_nobody_has_several_plans(trial: Trial, browser: Client) -> None:
    assert "Nobody has several plans here" in text(browser, url(trial))
