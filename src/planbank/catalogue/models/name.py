"""How many patients a name is used for: the other half of the name rule (model.md, Levels). Rebuildable."""

from __future__ import annotations

from django.db import models

from planbank.catalogue.models.patient import Patient


class NameUse(models.Model):
    """A name, folded, that a ROI, plan or structure set of this patient bears.

    Only as many patients are kept as the rule asks for, so the table stays small.
    """

    name = models.CharField(max_length=128)
    patient = models.ForeignKey(Patient, on_delete=models.CASCADE, related_name="+")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["name", "patient"], name="name_use_unique")]
