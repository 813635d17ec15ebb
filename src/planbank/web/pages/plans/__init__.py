"""The list of plan sets."""
