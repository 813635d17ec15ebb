"""What a person chose for one structure set: this ROI, not that one, both together (R63, R64)."""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from planbank.catalogue.models import PatientFile
from planbank.naming.models.dictionary import Dictionary, Edition
from planbank.protocols.models import StructureType


class Choice(models.Model):
    """One choice for one structure type in one structure set.

    The structure set is named by its UID within the patient file and the ROI by number and name, so
    that a choice outlives a new linking, and a new version of the structure set that still has it.
    """

    class Verdict(models.TextChoices):
        """What is to be done with the ROI, or with all that match."""

        USE = "use", _("use this one")
        EXCLUDE = "exclude", _("leave this one out")
        UNION = "union", _("take them together")

    dictionary = models.ForeignKey(Dictionary, on_delete=models.CASCADE, related_name="choices")
    patient_file = models.ForeignKey(PatientFile, on_delete=models.CASCADE, related_name="+")
    structure_set_uid = models.CharField(max_length=64)
    structure_type = models.ForeignKey(StructureType, on_delete=models.PROTECT, related_name="choices")
    verdict = models.CharField(max_length=8, choices=Verdict.choices)
    roi_number = models.IntegerField(null=True)
    roi_name = models.CharField(max_length=64, blank=True)
    added_in = models.ForeignKey(Edition, on_delete=models.CASCADE, related_name="choices_added")
    ended_in = models.ForeignKey(Edition, null=True, on_delete=models.CASCADE, related_name="choices_ended")

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["dictionary", "patient_file", "structure_set_uid", "structure_type", "roi_number"],
                condition=Q(ended_in__isnull=True),
                name="choice_once",
                nulls_distinct=False,
            )
        ]
