"""trigger: files data where they say themselves that they belong (R84 to R96)."""

from planbank.services.trigger.run import trigger

__all__ = ["trigger"]
