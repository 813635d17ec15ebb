"""What came and is kept: objects by kind, and from which system."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from planbank.catalogue.queries.one_plan_set import arrived
from planbank.services.receipt.lines.line import About, Line, Said

CODES = frozenset({"stored"})


def lines(about: About) -> Iterator[Line]:
    """Always one."""
    parts, came = about.parts, arrived(about.parts)
    counts = {
        "objects": came.objects,
        "images": sum(part.images for part in parts.images),
        "structure_sets": len(parts.structure_sets),
        "plans": int(parts.plan is not None),
        "doses": len(parts.doses),
        "others": len(parts.others),
        "senders": ", ".join(came.senders),
    }
    yield Line("ok", "stored", counts)


def say(code: str, params: Mapping[str, Any]) -> Said:
    """'206 objects arrived and are stored', and what they are."""
    n = params["objects"]
    title = ngettext("%(n)s object arrived and is stored", "%(n)s objects arrived and are stored", n) % {
        "n": n
    }
    return Said(title, _("%(what)s. Byte for byte as you sent them.") % {"what": what(params)})


def what(params: Mapping[str, Any]) -> str:
    """'172 images, 1 structure set, 1 plan, 2 doses'."""
    said = [
        (params["images"], ngettext("%(n)s image", "%(n)s images", params["images"])),
        (
            params["structure_sets"],
            ngettext("%(n)s structure set", "%(n)s structure sets", params["structure_sets"]),
        ),
        (params["plans"], ngettext("%(n)s plan", "%(n)s plans", params["plans"])),
        (params["doses"], ngettext("%(n)s dose", "%(n)s doses", params["doses"])),
        (params["others"], ngettext("%(n)s other object", "%(n)s other objects", params["others"])),
    ]
    return ", ".join(words % {"n": n} for n, words in said if n) or _("Nothing")
