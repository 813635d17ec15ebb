"""Data in no protocol: why, when they go, and what can be done about it."""
