"""Uploads on record: who sent which files by the site, and what became of each (R18, R19)."""
