"""Forwarding: what is on its way to other centres, and how far it is."""
