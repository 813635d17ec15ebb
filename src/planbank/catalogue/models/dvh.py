"""Dose-volume histograms, each of (structure-set version, chosen dose) and an algorithm version."""

from __future__ import annotations

from collections.abc import Iterable

from django.db import models

from planbank.catalogue.models.arrival import InstanceVersion
from planbank.catalogue.models.derived import Roi, StructureSet
from planbank.catalogue.models.plan_set import PlanSet


class ChosenDose(models.Model):
    """One dose to take DVHs from: one RT dose, or several summed (model.md, Which dose).

    `fingerprint` is the hash over the content hashes it is made of and how, so that the same
    choice is made once for the whole bank.
    """

    fingerprint = models.CharField(max_length=64, unique=True)
    summation = models.CharField(max_length=16, help_text="PLAN, BEAM or FRACTION; the last two are summed")
    type = models.CharField(max_length=16, blank=True)
    scale = models.FloatField(default=1.0, help_text="Gy per unit of the dose: 1 unless it is relative")
    versions = models.ManyToManyField(InstanceVersion, related_name="chosen_in")
    is_plan_sum = models.BooleanField(default=False)
    weights = models.JSONField(
        default=dict, help_text="content hash -> Gy per unit, where doses of several plans are added"
    )

    def scales(self, versions: Iterable[InstanceVersion]) -> list[float]:
        """Gy per unit of each of its doses."""
        return [float(self.weights.get(version.content_hash, self.scale)) for version in versions]


class Calculation(models.Model):
    """A structure-set version with a chosen dose: the subject of the service calculate."""

    structure_set = models.ForeignKey(StructureSet, on_delete=models.CASCADE, related_name="calculations")
    chosen_dose = models.ForeignKey(ChosenDose, on_delete=models.CASCADE, related_name="calculations")
    plan_sets = models.ManyToManyField(PlanSet, related_name="calculations")
    algorithm = models.CharField(max_length=32, blank=True, help_text="version of the newest DVHs")
    calculated_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["structure_set", "chosen_dose"], name="calculation_unique")
        ]


class DvhNumbers(models.Model):
    """What every stored DVH has: volumes in cm3, doses in Gy; None where there is none.

    `algorithm`: its name and version; `curve`: as planbank.dose.curve packs it, empty as its table says.
    """

    algorithm = models.CharField(max_length=32)
    volume_cc = models.FloatField(null=True)
    outside_cc = models.FloatField(null=True)
    min_gy = models.FloatField(null=True)
    mean_gy = models.FloatField(null=True)
    max_gy = models.FloatField(null=True)
    edge_gy = models.FloatField(default=0, help_text="highest dose on the faces of the grid; bounds metrics")
    flags = models.JSONField(default=list)
    curve: models.BinaryField

    class Meta:
        abstract = True


class Dvh(DvhNumbers):
    """The cumulative DVH of one ROI; older algorithm versions stay beside newer ones (R76).

    `curve`: planbank.dose.curve.pack of the volume (cc) that receives at least each dose of
    planbank.dose.axis (0.01 Gy apart). Tissue outside the dose grid is not in it.
    """

    calculation = models.ForeignKey(Calculation, on_delete=models.CASCADE, related_name="dvhs")
    roi = models.ForeignKey(Roi, on_delete=models.CASCADE, related_name="dvhs")
    curve = models.BinaryField()
    parameters = models.JSONField(default=dict)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["calculation", "roi", "algorithm"], name="dvh_unique")]


class TpsDvh(models.Model):
    """The DVH that the planning system stored for an ROI, beside ours (R82).

    `curve`: planbank.dose.curve.pack of its doses (Gy), then of its volumes (% of its own volume).
    `pairs`: quantity -> [ours, theirs, beyond tolerance] in cc or Gy (planbank.dose.comparison).
    """

    calculation = models.ForeignKey(Calculation, on_delete=models.CASCADE, related_name="tps_dvhs")
    roi = models.ForeignKey(Roi, on_delete=models.CASCADE, related_name="tps_dvhs")
    algorithm = models.CharField(max_length=32, help_text="of our DVH that it was compared with")
    curve = models.BinaryField()
    pairs = models.JSONField(default=dict)
    beyond = models.BooleanField(default=False)
    percent_of_gy = models.FloatField(
        null=True, help_text="Gy that 100 % was taken as, where values labelled Gy are per cent in truth"
    )

    class Meta:
        constraints = [models.UniqueConstraint(fields=["calculation", "roi"], name="tps_dvh_unique")]
