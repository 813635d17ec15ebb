"""Institutions, regions, senders, destinations and users."""
