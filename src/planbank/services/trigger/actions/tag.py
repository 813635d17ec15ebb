"""Put a tag on the plan set: a word that stands on its page, for those who see the protocol (R88)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from django.utils.translation import gettext_lazy as _

from planbank.catalogue.models import PatientFile
from planbank.protocols.act import Act
from planbank.protocols.models import Tag, Trigger
from planbank.services.trigger.actions.action import Told
from planbank.services.trigger.subjects import Seen


@dataclass(frozen=True)
class PutTag:
    """`word`: the tag; the trigger's own name where none is given."""

    title: ClassVar = _("Tag the plan with the trigger's name")

    word: str = ""

    def run(self, act: Act, trigger: Trigger, file: PatientFile, seen: Seen) -> Told:
        """Once for each plan set, however often it fires."""
        Tag.objects.get_or_create(
            protocol=trigger.protocol,
            patient_file=file,
            subject_uid=seen.uid,
            word=(self.word or trigger.name)[:64],
            defaults={"trigger": trigger, "at": act.at},
        )
        return Told()


ACTION = PutTag
