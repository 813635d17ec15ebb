"""The shape of an action.

Comes in: an act, a trigger, a patient file and what fired. Goes out: `Told`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Protocol

from planbank.catalogue.models import PatientFile
from planbank.protocols.act import Act
from planbank.protocols.models import Trigger
from planbank.services.trigger.subjects import Seen


@dataclass(frozen=True)
class Told:
    """What came of it; `refused` holds the reason where it was not done."""

    refused: str = ""


class Action(Protocol):
    """A frozen dataclass of parameters; safe to run twice."""

    title: ClassVar[str]

    def run(self, act: Act, trigger: Trigger, file: PatientFile, seen: Seen) -> Told:
        """Do it, in the transaction of the firing."""
