"""The structure dictionary of a protocol or project, with all it ever said (R56, R67).

A change of any size is one `Edition`. Rules are never changed or deleted: they are added in one
edition and ended in another, so what the dictionary said on a day, and what undoing means, follow.
"""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from planbank.dicom.patterns import MAX_LENGTH
from planbank.people.models import Institution, User
from planbank.protocols.models import Project, Protocol, StructureType
from planbank.protocols.models.owned import OF_ONE, Owned


class Dictionary(Owned, models.Model):
    """One for each protocol or project that has rules; `edition` is the newest one's number."""

    protocol = models.OneToOneField(Protocol, null=True, on_delete=models.CASCADE, related_name="dictionary")
    project = models.OneToOneField(Project, null=True, on_delete=models.CASCADE, related_name="dictionary")
    edition = models.PositiveIntegerField(default=0)
    case_sensitive = models.BooleanField(default=False, help_text="R59; spaces inside a name always count")

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=OF_ONE,
                name="dictionary_of_one",
            )
        ]


class Edition(models.Model):
    """One change of a dictionary: who, when, what kind."""

    class Kind(models.TextChoices):
        """How the change was made."""

        RULE = "rule", _("rules changed")
        IMPORT = "import", _("rules imported")
        COPY = "copy", _("rules copied")
        CHOICE = "choice", _("chosen for one plan")
        CASE = "case", _("capitals made to count, or not")
        TYPES = "types", _("structure types changed")
        UNDO = "undo", _("a change undone")

    dictionary = models.ForeignKey(Dictionary, on_delete=models.CASCADE, related_name="editions")
    number = models.PositiveIntegerField()
    at = models.DateTimeField()
    by = models.ForeignKey(User, null=True, on_delete=models.SET_NULL, related_name="+")
    kind = models.CharField(max_length=8, choices=Kind.choices)
    # What it says of itself: numbers and the name of a protocol copied from. No ROI names.
    params = models.JSONField(default=dict)
    case_sensitive = models.BooleanField(default=False)

    class Meta:
        ordering = ["-number"]
        constraints = [models.UniqueConstraint(fields=["dictionary", "number"], name="edition_unique")]


class DictionaryRule(models.Model):
    """`entry` stands for `structure_type`, in data from `institution`, or from all where that is empty."""

    dictionary = models.ForeignKey(Dictionary, on_delete=models.CASCADE, related_name="rules")
    entry = models.CharField(max_length=MAX_LENGTH)
    structure_type = models.ForeignKey(StructureType, on_delete=models.PROTECT, related_name="rules")
    institution = models.ForeignKey(Institution, null=True, on_delete=models.PROTECT, related_name="+")
    added_in = models.ForeignKey(Edition, on_delete=models.CASCADE, related_name="rules_added")
    ended_in = models.ForeignKey(Edition, null=True, on_delete=models.CASCADE, related_name="rules_ended")

    class Meta:
        ordering = ["entry", "pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["dictionary", "entry", "structure_type", "institution"],
                name="rule_once",
                condition=Q(ended_in__isnull=True),
                nulls_distinct=False,
            )
        ]
