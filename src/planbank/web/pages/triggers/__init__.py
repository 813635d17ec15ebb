"""Triggers of a protocol: what they look at, what they did, and what they would do."""
