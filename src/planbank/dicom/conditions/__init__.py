"""Conditions on DICOM attributes: nested, private, any modality, joined by all and any (R85).

Comes in: a condition as JSON, and objects. Goes out: whether it holds, and which part did not.
"""

from planbank.dicom.conditions.paths import TagPath, read_path
from planbank.dicom.conditions.said import Said, nearest, said
from planbank.dicom.conditions.tree import All, Any, Condition, Node, Test, from_json, to_json
from planbank.dicom.conditions.values import ObjectValues

__all__ = [
    "All",
    "Any",
    "Condition",
    "Node",
    "ObjectValues",
    "Said",
    "TagPath",
    "Test",
    "from_json",
    "nearest",
    "read_path",
    "said",
    "to_json",
]
