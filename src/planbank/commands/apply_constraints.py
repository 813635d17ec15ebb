"""`planbank apply`: the constraints of a protocol from a file (R137, R151).

Comes in: one row of a table. Goes out: what changed, one line each. A file adds constraints; it ends nothing.
"""

from __future__ import annotations

from typing import Any

from django.core.exceptions import ValidationError

from planbank.house import House
from planbank.protocols.act import Act
from planbank.protocols.actions.constraining import Wish, add
from planbank.protocols.models import Protocol

FIELDS = {"constraint": {"protocol", "text", "arm"}}


def constraint(house: House, row: dict[str, Any]) -> list[str]:
    """A constraint as people write it, in one arm or in all."""
    protocol = Protocol.objects.filter(short_name=row["protocol"]).first()
    if protocol is None:
        raise ValidationError(f"There is no protocol {row['protocol']}.")
    act = Act.of_command("apply", house.clock.now())
    made = add(act, protocol, [Wish(str(row["text"]), str(row.get("arm", "")))])
    return [f"protocol {protocol}: constraint {one.text}" for one in made]


TABLES = {"constraint": constraint}
