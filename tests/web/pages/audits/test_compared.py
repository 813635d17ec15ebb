"""The organiser reads how observers differ, and prints a page for each that names nobody else (R112)."""

from __future__ import annotations

from collections.abc import Callable

from django.test import Client

from planbank.audits.models import AuditStudy, Comparison, Observer, Return
from planbank.house import House
from planbank.people.models import User
from planbank.protocols.models import StructureType
from planbank.web.pages.audits.figures import MEASURES
from tests.audits.rows import copy_of, drawn, give_back, objects, opened, protocol
from tests.protocols.rows import ProtocolRows

ClientOf = Callable[[User | None], Client]


def _others(study: AuditStudy, like: Comparison) -> None:
    """Three others, at the same centre, whose figures are told."""
    of = like.row
    for number, dsc in enumerate((0.5, 0.6, 0.95)):
        who = Observer.objects.create(study=study, centre=of.copy.centre, code=f"X-{number}")  # type: ignore[union-attr]
        row = Return.objects.create(
            study=study,
            copy=of.copy,
            case=of.case,
            observer=who,
            version=of.version,
            kind="structures",
            parcel_id=f"x{number}",
            received_at=of.received_at,
            recognised_by="reference",
            state="filed",
        )
        figures = {"dsc": dsc, "volume_cc": 10.0, "slices": [[0.0, 3.0, 16.0, 16.0, dsc, None, None, 0.0]]}
        Comparison.objects.create(
            row=row, structure_type=like.structure_type, made_at=like.made_at, observers=4, **figures
        )


def test_differences_are_shown_taken_out_and_fed_back(bank: House, client_of: ClientOf) -> None:
    of = protocol(bank)
    StructureType.objects.filter(protocol=of, name="Bladder").update(name="<b>Bladder")
    study = opened(bank, of)
    rows = ProtocolRows(bank.clock.now())
    user = rows.user("kira")
    rows.grant(user, "key-user", of)
    kira = client_of(user)
    start = f"/protocols/{of.pk}/audits/{study.pk}/"
    assert "Nothing to compare yet" in kira.get(f"{start}compared/").text
    whose = copy_of(study, "OUH-1").observer
    assert whose is not None
    assert "Nothing came back yet" in kira.get(f"{start}feedback/{whose.pk}/").text

    give_back(bank, drawn(objects(bank, copy_of(study, "OUH-1")), ("<b>Bladder", "Rectum")))
    assert "How they differ" in kira.get(start).text
    mine = Comparison.objects.get(structure_type__name="<b>Bladder")
    _others(study, mine)
    Comparison.objects.filter(pk=mine.pk).update(dsc=0.81, reason="")
    page = kira.get(f"{start}compared/?case=nonsense&figure=nonsense").text
    assert '<span class="h4">0.81</span>' in page and '<span class="h5">0.95</span>' in page
    assert "too few drew it" in page and "not returned" in page and "<b>Bladder" not in page
    for one in MEASURES:
        assert kira.get(f"{start}compared/?case=A&figure={one.name}").status_code == 200
    sheet = b"".join(kira.get(f"{start}compared/?format=csv").streaming_content).decode()
    assert len(sheet.splitlines()) == 6 and "X-2" in sheet and "0.81" in sheet
    slices = b"".join(kira.get(f"{start}compared/?format=csv&what=slices").streaming_content).decode()
    assert len(slices.splitlines()) == 4

    told = kira.get(f"{start}feedback/{whose.pk}/").text
    assert "0.81" in told and "0.60 (0.50 - 0.95)" in told, "own, middle and range of three others"
    assert "X-1" not in told and "OUH-2" not in told
    fewer = kira.get(f"{start}feedback/{Observer.objects.get(code='X-0').pk}/").text
    assert "0.50" in fewer and "0.81" in fewer
    assert kira.get(f"{start}feedback/{whose.pk + 999}/").status_code == 404

    answer = kira.post(f"{start}do/reference/", {"basis": "staple", "tolerance": "1,5"})
    study.refresh_from_db()
    assert answer["Location"] == f"{start}compared/" and (study.basis, study.tolerance_mm) == ("staple", 1.5)
    kira.post(f"{start}do/reference/", {"basis": "staple", "tolerance": "wide"})
    study.refresh_from_db()
    assert study.tolerance_mm == 1.5
