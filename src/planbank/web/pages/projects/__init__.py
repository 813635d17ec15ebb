"""Collaboration projects: the list, one project, its record, its list of data, its life."""
