"""Templates of protocols: made of one, used in another, nothing personal, nothing replaced (R149)."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import datetime, timedelta

from django.test import Client

from planbank.house import House
from planbank.people.models import User
from planbank.protocols.models import AttributeType, StructureType, Template, Trigger
from tests.protocols.rows import ProtocolRows


def test_made_of_one_and_used_in_another(
    bank: House, now: datetime, client_of: Callable[[User | None], Client]
) -> None:
    rows = ProtocolRows(now - timedelta(days=1))
    old, new = rows.protocol("OLD", purpose="to know"), rows.protocol("NEW", purpose="our own")
    rows.centre(old, "AUH", contact="Mette Holm")
    rows.participant(old, "T-041", "AUH")
    AttributeType.objects.create(protocol=old, name="Stage", kind="choice", choices=["I", "II"])
    for name in ("Heart", "Lung_L"):
        StructureType.objects.create(protocol=old, name=name)
    StructureType.objects.create(protocol=new, name="heart", description="ours")
    Trigger.objects.create(protocol=old, name="zz", roi_name="zz_old", changed_at=now)
    key, other = rows.user("kaya", "VLE"), rows.user("olga", "VLE")
    rows.grant(key, "key-user", old)
    rows.grant(other, "key-user", new)
    client, url = client_of(key), f"/protocols/{old.pk}/templates/"
    parts = ["record", "attributes", "structure types", "triggers"]
    assert "No template yet" in client.get(url).text
    assert client.post(url, {"name": "Lung"}).status_code == 200
    assert client.post(url, {"name": "Lung", "parts": parts}).status_code == 302
    assert "already" in client.post(url, {"name": "Lung", "parts": parts}).text
    row = Template.objects.get()
    assert not any(word in json.dumps(row.content) for word in ("Mette", "T-041", "AUH"))
    assert client.post(f"/protocols/{new.pk}/templates/{row.pk}/use/").status_code == 404
    theirs = client_of(other)
    for _twice in range(2):
        assert theirs.post(f"/protocols/{new.pk}/templates/{row.pk}/use/").status_code == 302
    new.refresh_from_db()
    assert new.purpose == "our own"
    assert sorted(new.structure_types.values_list("name", "description")) == [
        ("Lung_L", ""),
        ("heart", "ours"),
    ]
    assert new.attribute_types.get().choices == ["I", "II"]
    assert new.triggers.get().is_active is False
    assert theirs.post(f"/protocols/{new.pk}/templates/{row.pk}/remove/").status_code == 404
    assert client.post(f"{url}{row.pk}/remove/").status_code == 302
    assert not Template.objects.exists() and new.triggers.exists()
