"""Reads of rights that more than one page or room needs."""
