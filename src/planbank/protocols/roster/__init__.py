"""Participants as text: a table somebody uploads, an object of the API; both come to the same wishes."""
