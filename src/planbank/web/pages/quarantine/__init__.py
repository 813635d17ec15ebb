"""Quarantine: what was set aside, why, and what to do with it."""
