"""The organiser reads what observers planned: constraints, figures, pictures, CSV (R112)."""

from __future__ import annotations

from collections.abc import Callable

from django.test import Client

from planbank.audits.models import PlannedDvh
from planbank.house import House
from planbank.people.models import User
from planbank.protocols.models import Constraint, StructureType, Verdict
from tests.audits.rows import give_back, opened, protocol
from tests.protocols.rows import ProtocolRows
from tests.services.compare.test_doses import planned

ClientOf = Callable[[User | None], Client]


def test_doses_side_by_side(bank: House, client_of: ClientOf) -> None:
    of = protocol(bank)
    rectum = StructureType.objects.get(name="Rectum")
    study = opened(bank, of, with_plan=True, with_dose=True, given=[rectum])
    rows = ProtocolRows(bank.clock.now())
    user = rows.user("kira")
    rows.grant(user, "key-user", of)
    kira = client_of(user)
    start = f"/protocols/{of.pk}/audits/{study.pk}/"
    assert "No dose has come back yet" in kira.get(f"{start}planned/").text
    assert "What they planned" not in kira.get(start).text

    give_back(bank, planned(bank, study, "OUH-1"))
    give_back(bank, planned(bank, study, "OUH-2", 0.5))
    mean = PlannedDvh.objects.get(row__observer__code="OUH-1").mean_gy
    given = {"metric": "Dmean", "operator": "<=", "unit": "Gy", "added_at": bank.clock.now()}
    Constraint.objects.create(protocol=of, structure_type=rectum, limit=round(mean * 0.75, 2), **given)
    given |= {"metric": "V95%", "operator": ">=", "unit": "%"}
    Constraint.objects.create(protocol=of, structure_type=rectum, limit=1.0, **given)
    assert "What they planned" in kira.get(start).text
    page = kira.get(f"{start}planned/?case=nonsense").text
    for text in ("OUH-1", "OUH-2", "Dmean &lt;= ", "no dose returned", f"{mean:.2f}", f"{mean / 2:.2f}"):
        assert text in page, text
    assert page.count("<polyline") == 4, "a curve and its key for each of two observers"
    sheet = b"".join(kira.get(f"{start}planned/?format=csv").streaming_content).decode("utf-8-sig")
    lines = sheet.splitlines()
    assert len(lines) == 3 and "Dmean (Gy)" in lines[0]
    said = [str(Verdict.State(one).label) for one in ("not met", "met", "cannot")]
    assert said[0] in lines[1] and said[1] in lines[2] and all(said[2] in one for one in lines[1:])
