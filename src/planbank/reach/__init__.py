"""What a person sees of patients and plans, and as whom (R186, R208)."""

from planbank.reach.rows import Reader
from planbank.reach.veil import hide_series, is_veiled, unveil_labels

__all__ = ["Reader", "hide_series", "is_veiled", "unveil_labels"]
