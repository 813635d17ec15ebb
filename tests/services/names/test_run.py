"""What a protocol requires and forbids, as findings on the plan set: opened and closed by the rules (R68)."""

from __future__ import annotations

from planbank.catalogue.models import Finding
from planbank.house import House
from planbank.naming.actions.editing import undo
from planbank.protocols.actions.removing import remove_plan_set
from tests.naming.trial import Trial
from tests.services.running import run_everything


def findings() -> dict[str, str]:
    rows = Finding.objects.filter(closed_at=None, source__startswith="names ")
    return {row.code: f"{row.about}: {row.params['names']}" for row in rows}


def test_r68_findings_follow_the_rules_and_the_membership(bank: House) -> None:
    trial = Trial.made(bank.clock.now())
    for name, need in (("Heart", "required"), ("Cord", "required"), ("Test", "forbidden")):
        trial.type(name, need=need)
    plan = trial.plan("AUH", "0101010001", "Hjerte", "zz_opt")
    edition = trial.rule("zz*", "Test")
    run_everything(bank)
    assert findings() == {"types-missing": "HN-19: Cord, Heart", "types-forbidden": "HN-19: Test"}
    trial.rule("Hjerte", "Heart")
    undo(trial.act, trial.dictionary, trial.dictionary.edition, edition)
    run_everything(bank)
    assert findings() == {"types-missing": "HN-19: Cord"}
    assert Finding.objects.filter(code="types-forbidden", closed_at__isnull=False).count() == 1
    remove_plan_set(trial.act, trial.protocol, plan, "wrong patient")
    run_everything(bank)
    assert findings() == {}
