"""What the viewer opens of a plan set: derived, in the archive under `derived/`, removable, rebuildable."""

from __future__ import annotations

from django.db import models

from planbank.catalogue.models.plan_set import PlanSet


class Scene(models.Model):
    """The bundle of one plan set (docs/reference/bundle.md).

    `inputs` is the hash over what it was made from, `digest` that over its description; both empty
    while it is only asked for. Whoever opens a plan set that has none asks for it.
    """

    plan_set = models.OneToOneField(PlanSet, on_delete=models.CASCADE, related_name="scene")
    inputs = models.CharField(max_length=64, blank=True)
    digest = models.CharField(max_length=64, blank=True)
    size = models.BigIntegerField(default=0, help_text="bytes, those of shared parts too")
    asked_at = models.DateTimeField(null=True)
    made_at = models.DateTimeField(null=True)
    opened_at = models.DateTimeField(null=True, help_text="what nobody opens can be removed")


class ScenePart(models.Model):
    """One blob of a bundle. Plan sets drawn on the same images share theirs: the key is the content's."""

    scene = models.ForeignKey(Scene, on_delete=models.CASCADE, related_name="parts")
    name = models.CharField(max_length=16)
    key = models.CharField(max_length=200, db_index=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["scene", "name"], name="scene_part_unique")]
