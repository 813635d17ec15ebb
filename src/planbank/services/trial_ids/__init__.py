"""trial_ids: records trial IDs that came with an upload (R198)."""

from planbank.services.trial_ids.run import trial_ids

__all__ = ["trial_ids"]
