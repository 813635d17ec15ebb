"""The two axes of level for data of other centres (R208; model.md, Levels).

Comes in: nothing. Goes out: `See` and `TakeOut`, ordered; kept as small numbers so that 'the best'
is a maximum in the database too.
"""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _


class See(models.IntegerChoices):
    """What is shown: nothing, counts, the data under a pseudonym, or everything."""

    NONE = 0, _("nothing")
    SUMMARY = 1, _("summary")
    PSEUDONYMISED = 2, _("pseudonymised")
    IDENTIFIED = 3, _("identified")


class TakeOut(models.IntegerChoices):
    """What may leave the bank."""

    NONE = 0, _("nothing")
    PSEUDONYMISED = 1, _("pseudonymised")
    RAW = 2, _("as received")


RAW_NEEDS_IDENTIFIED = ~models.Q(take_out=TakeOut.RAW) | models.Q(see=See.IDENTIFIED)
