"""What an export shall hold, as a value that is kept with it.

Comes in: what a form or the API gave. Goes out: `Selection`, and back from JSON. Empty means: all.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import date
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

KINDS: dict[str, tuple[frozenset[str], str | Promise]] = {
    "images": (frozenset({"CT", "MR", "PT"}), _("Images (CT, MR, PET)")),
    "structures": (frozenset({"RTSTRUCT"}), _("Structure sets")),
    "plans": (frozenset({"RTPLAN"}), _("Plans")),
    "doses": (frozenset({"RTDOSE"}), _("Doses")),
    "others": (frozenset(), _("Treatment records, registrations and all else")),
}
"""Each kind with its modalities; 'others' is what no other kind names."""


@dataclass(frozen=True)
class Selection:
    """Centres (ids), kinds of object, structure types that a plan must hold, days of arrival (inclusive)."""

    institutions: tuple[int, ...] = ()
    kinds: tuple[str, ...] = ()
    structure_types: tuple[int, ...] = ()
    since: date | None = None
    until: date | None = None

    @classmethod
    def read(cls, kept: dict[str, Any]) -> Selection:
        """From what `kept` made."""
        days = {name: date.fromisoformat(kept[name]) for name in ("since", "until") if kept.get(name)}
        lists = ("institutions", "kinds", "structure_types")
        return cls(**{name: tuple(kept.get(name, ())) for name in lists}, **days)

    def kept(self) -> dict[str, Any]:
        """As JSON; what is not narrowed is left out."""
        found = {k: v.isoformat() if isinstance(v, date) else v for k, v in asdict(self).items() if v}
        return {k: list(v) if isinstance(v, tuple) else v for k, v in found.items()}
