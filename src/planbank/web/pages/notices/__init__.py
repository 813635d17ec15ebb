"""Notices: what happened that I should hear of, and how I want to hear of it."""
