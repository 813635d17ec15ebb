"""Whether images are missing, in words (R28, R195).

Comes in: the stacks of a series, as the service completeness saw them. Goes out: a state of the
kit, a word, and a sentence that says why.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from planbank.catalogue.models import ImageStack, Series

Verdict = ImageStack.Verdict
REASONS: dict[str, str | Promise] = {
    "position-gap": gettext_lazy("there is a gap between images"),
    "number-gap": gettext_lazy("image numbers are skipped"),
    "images-named": gettext_lazy("a structure set names images that did not come"),
    "fewer-than-acquired": gettext_lazy("the scanner took more images than came"),
    "repeated-positions": gettext_lazy("several images lie at one place and nothing tells them apart"),
    "single-image": gettext_lazy("there is one image only"),
    "irregular-spacing": gettext_lazy("the images are not evenly spaced"),
    "numbers-begin-late": gettext_lazy("image numbers do not begin at 1"),
}


@dataclass(frozen=True)
class StackWords:
    """`state` is one of the kit's; `why` may be empty."""

    state: str
    word: str
    why: str


def in_words(stack: ImageStack) -> StackWords:
    """One stack."""
    why = "; ".join(str(REASONS[code]) for code in stack.reasons if code in REASONS)
    why = why[:1].upper() + why[1:] + "." if why else ""
    if stack.verdict == Verdict.SCOUT:
        return StackWords("idle", _("scout"), "")
    if not stack.is_final:
        said = ngettext("%(n)s image so far", "%(n)s images so far", stack.images) % {"n": stack.images}
        return StackWords("idle", said, _("More may still be on its way."))
    if stack.verdict == Verdict.INCOMPLETE:
        return StackWords("warn", _missing(stack), why)
    if stack.verdict == Verdict.COMPLETE:
        return StackWords("ok", _("complete"), "")
    return StackWords("info", _("cannot tell"), why)


def of_series(stacks: Sequence[ImageStack]) -> StackWords | None:
    """A series: its worst stack, and how many there are."""
    volumes = [stack for stack in stacks if stack.verdict != Verdict.SCOUT] or list(stacks)
    if not volumes:
        return None
    order = ("warn", "idle", "info", "ok")
    worst = min((in_words(stack) for stack in volumes), key=lambda words: order.index(words.state))
    if len(volumes) == 1:
        return worst
    said = _("%(n)s stacks: %(word)s") % {"n": len(volumes), "word": worst.word}
    return StackWords(worst.state, said, worst.why)


def by_series(series: Iterable[Series]) -> dict[int, StackWords]:
    """What to say of each series of a page; one query."""
    found: dict[int, list[ImageStack]] = {}
    for stack in ImageStack.objects.filter(series__in=[one.pk for one in series]):
        found.setdefault(stack.series_id, []).append(stack)
    return {pk: words for pk, stacks in found.items() if (words := of_series(stacks))}


def where(stack: ImageStack, most: int = 5) -> str:
    """'z = -112.5, -111 mm', in patient coordinates; empty where no place is known."""
    if not stack.places:
        return ""
    named = ", ".join(f"{place:g}" for place in stack.places[:most])
    return f"{stack.axis} = {named}{' ...' if len(stack.places) > most else ''} mm"


def _missing(stack: ImageStack) -> str:
    said = ngettext("%(n)s image missing", "%(n)s images missing", stack.missing) % {"n": stack.missing}
    place = where(stack)
    return _("%(said)s near %(place)s") % {"said": said, "place": place} if place else said
