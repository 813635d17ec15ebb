"""What an observer drew, held against a reference, and the dose that they planned (R112).

Figures only: nothing of them leads to anybody.
"""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from planbank.audits.models.returns import Return
from planbank.audits.models.studies import Case
from planbank.catalogue.models.dvh import DvhNumbers
from planbank.protocols.models import StructureType


class Comparison(models.Model):
    """One structure of one return against what its study holds it against at that time.

    Figures are None where they cannot be told; `reason` says why nothing was compared. `slices`: upwards,
    [low mm, high mm, reference cm2, cm2, DSC, HD95 mm, mean mm, added path mm] each.
    """

    class Reason(models.TextChoices):
        """Why there are no figures."""

        ALONE = "alone", _("too few drew it")
        EMPTY = "empty", _("nothing drawn")
        FRAME = "frame", _("not on the images of the case")
        NO_REFERENCE = "no reference", _("the reference observer did not draw it")
        REFERENCE = "reference", _("is the reference")
        SHAPE = "shape", _("its contours cannot be compared")

    row = models.ForeignKey(Return, on_delete=models.CASCADE, related_name="comparisons")
    structure_type = models.ForeignKey(StructureType, on_delete=models.CASCADE, related_name="+")
    reason = models.CharField(max_length=12, choices=Reason.choices, blank=True)
    observers = models.PositiveIntegerField(default=0, help_text="how many drew it")
    volume_cc = models.FloatField(null=True)
    reference_cc = models.FloatField(null=True)
    dsc = models.FloatField(null=True)
    hd95_mm = models.FloatField(null=True)
    mean_mm = models.FloatField(null=True)
    surface_dsc = models.FloatField(null=True)
    added_path_mm = models.FloatField(null=True)
    shift_mm = models.JSONField(null=True, help_text="x, y, z from the reference's centroid")
    slices = models.JSONField(default=list)
    made_at = models.DateTimeField()

    class Meta:
        ordering = ["structure_type__name", "row__observer__code"]
        constraints = [models.UniqueConstraint(fields=["row", "structure_type"], name="audit_comparison")]


class PlannedDvh(DvhNumbers):
    """The DVH of one structure in the dose that an observer planned (R112).

    `own`: the structure is one that the observer drew, else the one that all of them got. `curve` as in
    `Dvh`. `prescription_gy` and `fractions` are those of the plan returned.
    """

    class Reason(models.TextChoices):
        """Why there are no figures."""

        EMPTY = "empty", _("nothing drawn")
        FRAME = "frame", _("not on the images of the case")
        OUTSIDE = "outside", _("the dose does not reach it")
        SEVERAL = "several", _("drawn several times")
        UNIT = "unit", _("the dose is not in Gy")

    row = models.ForeignKey(Return, on_delete=models.CASCADE, related_name="dvhs")
    structure_type = models.ForeignKey(StructureType, on_delete=models.CASCADE, related_name="+")
    own = models.BooleanField(default=False)
    reason = models.CharField(max_length=8, choices=Reason.choices, blank=True)
    curve = models.BinaryField(default=bytes)
    prescription_gy = models.FloatField(null=True)
    fractions = models.PositiveIntegerField(null=True)
    made_at = models.DateTimeField()

    class Meta:
        ordering = ["structure_type__name", "row__observer__code"]
        constraints = [models.UniqueConstraint(fields=["row", "structure_type"], name="audit_planned_dvh")]


class Overlay(models.Model):
    """What all observers drew on a case, packed for the viewer as one structure set (R112).

    `about` and `blob` are those of docs/reference/bundle.md, in the source's frame of reference; `names`: ROI
    number -> [observer, structure type]. `frame`: mark of that frame.
    """

    case = models.OneToOneField(Case, on_delete=models.CASCADE, related_name="overlay")
    about = models.JSONField()
    names = models.JSONField()
    frame = models.CharField(max_length=64)
    blob = models.BinaryField()
    made_at = models.DateTimeField()
