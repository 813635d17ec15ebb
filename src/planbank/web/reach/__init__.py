"""What the person of a request may reach, and as whom they see a patient."""

from planbank.web.reach.rows import (
    mine,
    my_institutions,
    named,
    note,
    note_view,
    one,
    one_of,
    ours,
    seen_institutions,
    sees_only_named,
    words_allowed,
)
from planbank.web.reach.veil import hide_series, is_veiled, unveil_labels

__all__ = [
    "hide_series",
    "is_veiled",
    "mine",
    "my_institutions",
    "named",
    "note",
    "note_view",
    "one",
    "one_of",
    "ours",
    "seen_institutions",
    "sees_only_named",
    "unveil_labels",
    "words_allowed",
]
