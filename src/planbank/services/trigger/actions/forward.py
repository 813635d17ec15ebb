"""Forward to a registered destination, on the protocol's agreement with its institution (R87, R89).

The whole plan set goes, what comes later and new versions too. Never to who sent it, never for a
withdrawn patient; the first of each centre, and more than so many a day, wait for one click unless
the trigger asks that the patient is a participant (model.md, Trigger ROIs).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from django.utils.translation import gettext_lazy as _

from planbank.catalogue.models import PatientFile
from planbank.delivery.asking import Wanted, ask, held_for
from planbank.delivery.models import Destination, Forward
from planbank.delivery.words import words
from planbank.errors import DeliveryError
from planbank.protocols.act import Act
from planbank.protocols.models import Participant, Trigger
from planbank.services.trigger.actions.action import Told
from planbank.services.trigger.subjects import Seen


@dataclass(frozen=True)
class ForwardTo:
    """`waits`: when the first object goes; `a_day`: how many of a centre go without a click."""

    title: ClassVar = _("Forward to a destination")

    destination: int = 0
    waits: str = "nothing"
    participants_only: bool = False
    a_day: int = 20

    def run(self, act: Act, trigger: Trigger, file: PatientFile, seen: Seen) -> Told:
        """Ask for it; what may not go is refused, with the reason."""
        destination = Destination.objects.select_related("institution").filter(pk=self.destination).first()
        if destination is None:
            return Told(words("gone"))
        listed = Participant.objects.filter(protocol=trigger.protocol, patient=file.patient_id)
        if self.participants_only and not listed.exists():
            return Told(words("not-listed"))
        known = Forward.objects.filter(
            destination=destination, protocol=trigger.protocol, patient_file=file, subject_uid=seen.uid
        )
        held = "" if self.participants_only or known.exists() else self._held(act, trigger, file)
        wanted = Wanted(destination, trigger.protocol, file, seen.uid, self.waits, trigger, held)
        try:
            ask(act, wanted)
        except DeliveryError as exc:
            return Told(exc.detail)
        return Told()

    def _held(self, act: Act, trigger: Trigger, file: PatientFile) -> str:
        return held_for(trigger, file.institution_id, act.at, self.a_day)


ACTION = ForwardTo
