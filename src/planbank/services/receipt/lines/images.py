"""Whether the images are all here, where nothing is wrong with them (what is missing is a finding)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from planbank.catalogue.models import ImageStack
from planbank.services.receipt.lines.line import About, Line, Said

CODES = frozenset({"images-complete", "images-cannot-tell", "images-none"})
Verdict = ImageStack.Verdict


def lines(about: About) -> Iterator[Line]:
    """One for all image series of the plan set, once their verdicts stand."""
    if not about.parts.series:
        if about.quiet and about.plan_set.kind == "plan":
            yield Line("info", "images-none")
        return
    stacks = ImageStack.objects.filter(series__in=about.parts.series).exclude(verdict=Verdict.SCOUT)
    rows = list(stacks.order_by("series", "place"))
    if not rows or not all(row.is_final for row in rows):
        return
    verdicts = {row.verdict for row in rows}
    if Verdict.INCOMPLETE in verdicts:
        return
    spacing = {round(row.spacing_mm, 2) for row in rows if row.spacing_mm}
    params = {
        "images": sum(row.images for row in rows),
        "spacing": spacing.pop() if len(spacing) == 1 else None,
    }
    yield (
        Line("ok", "images-complete", params)
        if verdicts == {Verdict.COMPLETE}
        else Line("info", "images-cannot-tell", params)
    )


def say(code: str, params: Mapping[str, Any]) -> Said:
    """The verdict in words."""
    if code == "images-none":
        return Said(_("No images came with the plan"), _("Contours and DVH do not need them; pictures do."))
    n = params["images"]
    count = ngettext("%(n)s image", "%(n)s images", n) % {"n": n}
    if code == "images-complete":
        apart = _(", %(mm)s mm apart") % {"mm": f"{params['spacing']:g}"} if params.get("spacing") else ""
        return Said(_("The image set is complete"), f"{count}{apart}.")
    return Said(_("Whether images are missing cannot be told"), f"{count}.")
