"""Protocols: the list, one protocol with its progress, its record and its life."""
