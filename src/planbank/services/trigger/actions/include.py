"""Include in the trigger's protocol: the whole plan set, late arrivals too (R86, R210)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from django.utils.translation import gettext_lazy as _

from planbank.catalogue.models import PatientFile
from planbank.errors import ProtocolError
from planbank.protocols.act import Act
from planbank.protocols.actions.adding import add_plan_set, add_series
from planbank.protocols.models import Trigger
from planbank.services.trigger.actions.action import Told
from planbank.services.trigger.subjects import Seen


@dataclass(frozen=True)
class Include:
    """No parameters: the protocol is the trigger's."""

    title: ClassVar = _("Include in the protocol")

    def run(self, act: Act, trigger: Trigger, file: PatientFile, seen: Seen) -> Told:
        """Add what is here; what comes later joins by the service members."""
        via = f"trigger {trigger.name}"[:64]
        try:
            if seen.plan_set is not None:
                add_plan_set(act, trigger.protocol, seen.plan_set, via)
            elif seen.series is not None:
                add_series(act, trigger.protocol, seen.series, via)
        except ProtocolError as exc:
            return Told(str(exc))
        return Told()


ACTION = Include
