"""What RT objects say, as rows: derived from the bytes of one instance version, rebuildable.

Like the version they belong to the whole bank; who may see them is decided through the instances
of an institution that point at the version. `facts` holds the rest of what the science read, as
JSON of its dataclasses (planbank.dicom).
"""

from __future__ import annotations

from django.contrib.postgres.indexes import GinIndex
from django.db import models

from planbank.catalogue.models.arrival import InstanceVersion


class Derived(models.Model):
    """One row per instance version; written by analyse."""

    version = models.OneToOneField(InstanceVersion, on_delete=models.CASCADE)
    label = models.CharField(max_length=64, blank=True)
    date = models.CharField(max_length=18, blank=True)
    facts = models.JSONField(default=dict)
    # References by meaning: lists of UIDs under the names of planbank.dicom.references.References.
    references = models.JSONField(default=dict)
    # Finding codes of planbank.dicom.findings with what they are about: [[code, about], ...].
    findings = models.JSONField(default=list)

    class Meta:
        abstract = True
        # Who names this UID: asked before anything is deleted.
        indexes = [GinIndex(fields=["references"], opclasses=["jsonb_path_ops"], name="%(class)s_references")]


class StructureSet(Derived):
    """An RT structure set (PS3.3 A.19)."""

    name = models.CharField(max_length=64, blank=True)
    approval = models.CharField(max_length=16, blank=True)
    frame_of_reference_uid = models.CharField(max_length=64, blank=True)


class Roi(models.Model):
    """One ROI of a structure set; the name exactly as sent."""

    structure_set = models.ForeignKey(StructureSet, on_delete=models.CASCADE, related_name="rois")
    number = models.IntegerField()
    name = models.CharField(max_length=64, blank=True)
    type = models.CharField(max_length=16, blank=True, help_text="RT ROI Interpreted Type: only a hint (R69)")
    label = models.CharField(max_length=64, blank=True, help_text="ROI Observation Label")
    colour = models.CharField(max_length=7, blank=True, help_text="#rrggbb")
    contour_count = models.IntegerField(default=0)
    point_count = models.IntegerField(default=0)
    is_empty = models.BooleanField(default=False)

    class Meta:
        ordering = ["number"]
        constraints = [models.UniqueConstraint(fields=["structure_set", "number"], name="roi_unique")]
        indexes = [models.Index(fields=["name", "structure_set"], name="roi_name")]


class Plan(Derived):
    """An RT plan, RT ion plan or brachytherapy plan (PS3.3 A.20, A.49)."""

    kind = models.CharField(max_length=8, help_text="external, ion or brachy")
    name = models.CharField(max_length=64, blank=True)
    intent = models.CharField(max_length=16, blank=True)
    approval = models.CharField(max_length=16, blank=True)
    technique = models.CharField(max_length=64, blank=True)
    machine = models.CharField(max_length=64, blank=True)
    energies = models.CharField(max_length=64, blank=True)
    fractions = models.IntegerField(null=True)
    prescription_gy = models.FloatField(null=True)
    prescription_source = models.CharField(max_length=24, blank=True)


class Dose(Derived):
    """An RT dose (PS3.3 A.18)."""

    units = models.CharField(max_length=16, blank=True)
    type = models.CharField(max_length=16, blank=True)
    summation = models.CharField(max_length=16, blank=True)
    frame_of_reference_uid = models.CharField(max_length=64, blank=True)


class TreatmentRecord(Derived):
    """A treatment record: `date` is the treatment date (R215)."""

    machine = models.CharField(max_length=64, blank=True)


class Registration(Derived):
    """A spatial registration; kept and linked, not applied."""

    frame_of_reference_uid = models.CharField(max_length=64, blank=True)
    deformable = models.BooleanField(default=False)
