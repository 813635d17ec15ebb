"""Image stacks and whether anything is missing from them (model.md, Stacks; R28). Derived, rebuildable."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from planbank.catalogue.models.study import Series


class ImageStack(models.Model):
    """One stack of a series, as the service completeness saw it last.

    `reasons` are codes of planbank.dicom.stacks; `places` are mm along `axis` (patient
    coordinates), empty for oblique stacks. Until `is_final` images may still be on their way.
    """

    class Verdict(models.TextChoices):
        """What is known."""

        COMPLETE = "complete", _("complete")
        INCOMPLETE = "incomplete", _("incomplete")
        CANNOT_TELL = "cannot tell", _("cannot tell")
        SCOUT = "scout", _("scout")

    series = models.ForeignKey(Series, on_delete=models.CASCADE, related_name="stacks")
    place = models.PositiveIntegerField(help_text="its number within the series")
    mark = models.CharField(max_length=64, blank=True, help_text="what tells it apart: phase 3, echo 2")
    images = models.PositiveIntegerField()
    axis = models.CharField(max_length=1, blank=True)
    low_mm = models.FloatField(null=True)
    high_mm = models.FloatField(null=True)
    spacing_mm = models.FloatField(null=True)
    verdict = models.CharField(max_length=12, choices=Verdict.choices)
    reasons = models.JSONField(default=list)
    missing = models.PositiveIntegerField(default=0)
    places = models.JSONField(default=list)
    is_final = models.BooleanField(default=False)
    judged_at = models.DateTimeField()

    class Meta:
        ordering = ["series", "place"]
        constraints = [models.UniqueConstraint(fields=["series", "place"], name="image_stack_unique")]
