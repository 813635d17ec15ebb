"""Forwarding on record: registered destinations, what is to go there, what became of each object."""
