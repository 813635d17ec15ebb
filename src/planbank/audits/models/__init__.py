"""The models of audit studies: who draws on what, the copies made for them, what they returned, how
it differs."""

from __future__ import annotations

from planbank.audits.models.comparisons import Comparison, Overlay, PlannedDvh
from planbank.audits.models.copies import Copy, CopyFile, CopyUid, Link
from planbank.audits.models.returns import Return
from planbank.audits.models.studies import AuditStudy, Case, CaseFile, Observer

__all__ = [
    "AuditStudy",
    "Case",
    "CaseFile",
    "Comparison",
    "Copy",
    "CopyFile",
    "CopyUid",
    "Link",
    "Observer",
    "Overlay",
    "PlannedDvh",
    "Return",
]
