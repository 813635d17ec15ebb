"""Participants of a protocol: the list, one of them, a table of many, the attributes they have."""
