"""The dictionary of a protocol or project, and its structure types.

Comes in: a protocol, project or dictionary. Goes out: its dictionary, made where there is none; its types.
"""

from __future__ import annotations

from planbank.naming.models import Dictionary
from planbank.protocols.models import Project, Protocol, StructureType


def dictionary_of(owner: Protocol | Project) -> Dictionary:
    """The dictionary of a protocol or project, made where there is none yet."""
    key = {"project" if isinstance(owner, Project) else "protocol": owner}
    return Dictionary.objects.get_or_create(**key)[0]


def lane_of_dictionary(dictionary: int) -> str:
    """All work on one dictionary runs in order."""
    return f"dictionary:{dictionary}"


def types_of(dictionary: Dictionary) -> list[StructureType]:
    """The types in use, A to Z without regard to capitals (R62)."""
    rows = dictionary.owner.structure_types.filter(retired_at__isnull=True)
    return sorted(rows, key=lambda row: (row.name.casefold(), row.pk))
